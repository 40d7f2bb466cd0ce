"""Measurements: ratios within one run, CPU time before wall time. Nothing here is asserted by a test."""
