"""Administration: accounts, rights, absences, streets, calendar, jobs, audit, and what is still missing."""

from gridmap.web.admin import absences, accounts, grants, records, setup, streets

SUBJECTS = (absences, accounts, grants, records, setup, streets)
"""Importing a subject puts its pages on the blueprint."""
