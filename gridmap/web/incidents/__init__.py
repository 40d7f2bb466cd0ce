"""Cases on pages: reporting them, the board, one case with what may be done now, kinds and limits, numbers, agenda."""

from gridmap.web.incidents import acting, agenda, answers, board, card, kinds, numbers, reporting

SUBJECTS = (acting, agenda, answers, board, card, kinds, numbers, reporting)
"""Importing a subject puts its pages on the blueprint."""
