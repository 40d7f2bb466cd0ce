"""HTML pages: one file per subject, all on the blueprint `pages`."""

from gridmap.web import (
    account,
    admin,
    cards,
    checks,
    compressing,
    coverage,
    data,
    lists,
    my_places,
    offline,
    people,
    plates,
    search,
    shell,
    sign_in,
    start,
    street_map,
)
from gridmap.web.blueprint import pages

SUBJECTS = (
    account,
    admin,
    cards,
    checks,
    compressing,
    coverage,
    data,
    lists,
    my_places,
    offline,
    people,
    plates,
    search,
    shell,
    sign_in,
    start,
    street_map,
)
"""Importing a subject puts its pages on the blueprint."""

__all__ = ["SUBJECTS", "pages"]
