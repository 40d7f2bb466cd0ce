"""Cases on pages: reporting them, the board, one case with what may be done now, kinds and limits, numbers, agenda.

And what reaches the office beside reports: the diary, reception days, orders of the hotline, the survey of e-bikes.
"""

from gridmap.web.incidents import (
    acting,
    agenda,
    answers,
    board,
    card,
    diary,
    diary_map,
    ebikes,
    hotline,
    hotline_import,
    hotline_map,
    kinds,
    number_areas,
    numbers,
    reception,
    report_map,
    reporting,
)

SUBJECTS = (
    acting,
    agenda,
    answers,
    board,
    card,
    diary,
    diary_map,
    ebikes,
    hotline,
    hotline_import,
    hotline_map,
    kinds,
    number_areas,
    numbers,
    reception,
    report_map,
    reporting,
)
"""Importing a subject puts its pages on the blueprint."""
