"""HTML pages: one file per subject, all on the blueprint `pages`."""

from gridmap.web import (
    account,
    admin,
    assign,
    cards,
    charts,
    checks,
    compressing,
    coverage,
    data,
    duties,
    inbox,
    lists,
    my_places,
    offline,
    people,
    photos,
    plates,
    reminders,
    search,
    shell,
    sign_in,
    start,
    street_map,
    visits,
)
from gridmap.web.blueprint import pages

SUBJECTS = (
    account,
    admin,
    assign,
    cards,
    charts,
    checks,
    compressing,
    coverage,
    data,
    duties,
    inbox,
    lists,
    my_places,
    offline,
    people,
    photos,
    plates,
    reminders,
    search,
    shell,
    sign_in,
    start,
    street_map,
    visits,
)
"""Importing a subject puts its pages on the blueprint."""

__all__ = ["SUBJECTS", "pages"]
