"""Who can help with a gap: each reason has another helper, the nearest whom the viewer may know."""

from collections.abc import Iterable

from gridmap.db.pools import Connection
from gridmap.read.card.people import Holder, holders_of
from gridmap.read.coverage.rows import Due
from gridmap.read.select import Asked
from gridmap.scope import Viewer

OWN = "own"
"""The role that the rule itself names."""
HELPERS = {
    "no_manager": ("community_secretary", "grid_leader", "grid_worker"),
    "no_geometry": ("grid_leader", "grid_worker", "community_staff"),
    "on_leave": ("grid_leader", "grid_worker", "community_staff"),
    "no_access": ("property_butler", "stairwell_leader", OWN, "grid_worker"),
    "not_yet": (OWN, "grid_worker", "grid_leader"),
    "missed": (OWN, "grid_worker", "grid_leader"),
    "excused": (OWN, "grid_worker", "grid_leader"),
}
"""Whom one turns to first: who appoints where nobody is, who can open the door where there was no access."""


def read_helpers(connection: Connection, viewer: Viewer, asked: Asked, rows: Iterable[Due]) -> dict[int, Holder]:
    """The helper of each row by its id, where there is one who is not away without a substitute.

    Only for viewers all of whose roles may see people.
    """
    wanted = list(rows)
    places = {place for row in wanted for place in _around(row)}
    if not places:
        return {}
    by_place: dict[int, list[Holder]] = {}
    for holder in holders_of(connection, viewer, asked, sorted(places)):
        if not holder.away_kind or holder.substitute_id:
            by_place.setdefault(holder.place_id, []).append(holder)
    found = {row.id: _helper(row, by_place) for row in wanted}
    return {identity: holder for identity, holder in found.items() if holder is not None}


def _around(row: Due) -> tuple[int, ...]:
    return tuple(one for one in (row.place_id, row.parent_id, row.grid_id, row.estate_id) if one is not None)


def _helper(row: Due, by_place: dict[int, list[Holder]]) -> Holder | None:
    for role in HELPERS.get(row.reason or "missed", HELPERS["missed"]):
        wanted = row.role if role == OWN else role
        for place in _around(row):
            for holder in by_place.get(place, ()):
                if holder.role == wanted and holder.is_primary:
                    return holder
    return None
