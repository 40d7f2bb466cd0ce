"""Cases on pages: reporting them, and what became of one's own reports."""

from gridmap.web.incidents import reporting

SUBJECTS = (reporting,)
"""Importing a subject puts its pages on the blueprint."""
