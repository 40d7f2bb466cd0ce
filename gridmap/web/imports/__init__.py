"""Bringing files in: upload, guesses, preview, result, taking back; and rows to be placed by hand."""

from gridmap.web.imports import changes, looking, placing, preview_map, runs, sending, start

SUBJECTS = (start, sending, looking, preview_map, runs, changes, placing)
"""Importing a subject puts its pages on the blueprint."""
