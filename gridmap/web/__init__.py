"""HTML pages: one file per subject, all on the blueprint `pages`."""

from gridmap.web import account, admin, people, shell, sign_in, start
from gridmap.web.blueprint import pages

SUBJECTS = (account, admin, people, shell, sign_in, start)
"""Importing a subject puts its pages on the blueprint."""

__all__ = ["SUBJECTS", "pages"]
