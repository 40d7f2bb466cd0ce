"""Moving a case: its pin, or a boundary over it; who is responsible follows, number and clock stay."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from gridmap.audit import announce
from gridmap.clock import OFFICE
from gridmap.db.pools import Connection
from gridmap.incidents.errors import IncidentProblem
from gridmap.incidents.routing import Spot, spot_at, spot_of_place
from gridmap.incidents.writing import LAYERS
from gridmap.places.belonging import own_rotas

SAID = ("diary", "ebikes", "hotline", "parking")
"""What lies at places beside cases: what was said, counted and seen there."""
FOUND = ("hotspots", "long_stays")
"""What was reckoned from all that: areas and nightly numbers."""


def spot_after(
    connection: Connection, place_id: int | None, at: tuple[float, float] | None, case: Mapping[str, Any]
) -> Spot:
    """Where the case is to lie: a place or a point of its own street. Raises IncidentProblem("where" | "outside")."""
    try:
        spot = spot_of_place(connection, place_id) if place_id is not None else spot_at(connection, at or (0.0, 0.0))
    except LookupError:
        raise IncidentProblem("outside" if place_id is None else "where") from None
    if spot.street_id != case["street_id"]:
        raise IncidentProblem("where")
    return spot


def move(connection: Connection, case: Mapping[str, Any], spot: Spot, moment: datetime) -> int:
    """Put the pin there, own the case anew, and give its revision then.

    The last thing of the command: whoever moved it may not see it there.
    """
    lon, lat = spot.at or (None, None)
    row = connection.execute(
        "SELECT gridmap.move_incident(%s, %s, %s, %s, %s, %s, %s) AS revision",
        (case["street_id"], case["id"], spot.place_id, lon, lat, spot.address, moment),
    ).fetchone()
    _own_said(connection, [case["street_id"]], [case["id"]])
    return int((row or {})["revision"])


def own_incidents(connection: Connection, streets: Sequence[int], moment: datetime) -> int:
    """Own the open cases of these streets anew, after places or boundaries have changed; how many moved.

    In the transaction of that change. Each case that moved has a line in its history. The diary, orders of the hotline,
    counts, cars and rotas follow their places, too, and so do the numbers and areas that were reckoned from them.
    """
    row = connection.execute("SELECT gridmap.own_incidents(%s, %s) AS moved", (sorted(streets), moment)).fetchone()
    moved = int((row or {})["moved"])
    if moved:
        for street_id in sorted(streets):
            announce(connection, street_id, LAYERS)
    _own_said(connection, sorted(streets), None)
    _own_found(connection, sorted(streets))
    if own_rotas(connection, sorted(streets), moment.astimezone(OFFICE).date()):
        for street_id in sorted(streets):
            announce(connection, street_id, ("rotas",))
    return moved


def _own_said(connection: Connection, streets: Sequence[int], cases: Sequence[int] | None) -> None:
    row = connection.execute(
        "SELECT gridmap.own_said(%s::integer[], %s::bigint[]) AS moved", (list(streets), cases and list(cases))
    ).fetchone()
    if (row or {})["moved"]:
        for street_id in streets:
            announce(connection, street_id, SAID)


def _own_found(connection: Connection, streets: Sequence[int]) -> None:
    row = connection.execute("SELECT gridmap.own_found(%s::integer[]) AS moved", (list(streets),)).fetchone()
    if (row or {})["moved"]:
        for street_id in streets:
            announce(connection, street_id, FOUND)
