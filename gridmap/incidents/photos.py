"""Photos of a case: what was found, what was done, what somebody saw who looked again; at most six of each."""

from collections.abc import Mapping
from typing import Any

from gridmap.accounts import Actor
from gridmap.audit import announce
from gridmap.db.pools import Connection
from gridmap.files import Hint, Kept
from gridmap.incidents.capacities import capacities, next_step, read_standing, unit_now
from gridmap.incidents.errors import IncidentProblem
from gridmap.incidents.machine import Capacity
from gridmap.incidents.writing import LAYERS, read_case, record

MOST_PHOTOS = 6
WHO: Mapping[str, frozenset[Capacity]] = {
    "reported": frozenset({Capacity.REPORTER, Capacity.DISPATCHER, Capacity.OFFICE}),
    "handled": frozenset({Capacity.LEAD, Capacity.OFFICE}),
    "checked": frozenset({Capacity.CHECKER, Capacity.OFFICE}),
}
"""Who may add a photo at which stage; who solved a matter on the spot adds the handled ones, too."""
ADD_FILE = """
INSERT INTO gridmap.file (street_id, sha256, media_type, size, account_id, parties, community_id, grid_id,
  micro_grid_id, estate_id)
VALUES (%(street_id)s, %(sha256)s, %(media_type)s, %(size)s, %(account)s, %(parties)s, %(community_id)s, %(grid_id)s,
  %(micro_grid_id)s, %(estate_id)s)
ON CONFLICT DO NOTHING
"""
ADD = """
INSERT INTO gridmap.incident_photo (street_id, incident_id, stage, number, sha256, account_id, at, taken_at, off_m,
  parties, place_id, community_id, grid_id, micro_grid_id, estate_id)
SELECT %(street_id)s, %(id)s, %(stage)s, %(number)s, %(sha256)s, %(account)s, %(at)s, %(taken_at)s,
  coalesce(round(public.st_distance(i.geom::public.geography,
    public.st_setsrid(public.st_makepoint(%(hint_lon)s, %(hint_lat)s), 4326)::public.geography))::integer,
    %(off_m)s::integer),
  %(parties)s, %(place_id)s, %(community_id)s, %(grid_id)s, %(micro_grid_id)s, %(estate_id)s
FROM gridmap.incident i WHERE i.street_id = %(street_id)s AND i.id = %(id)s
"""
TAKEN = """
SELECT number, sha256 FROM gridmap.incident_photo WHERE street_id = %s AND incident_id = %s AND stage = %s
ORDER BY number
"""


def add_photo(connection: Connection, by: Actor, incident_id: int, stage: str, kept: Kept, hint: Hint) -> int:
    """Put a kept picture to a case, and give its number within the stage; the same picture is taken once.

    Of what the camera said, its time and how far off it was are kept, not where. Raises LookupError,
    IncidentProblem("stage" | "not_yours" | "photos").
    """
    if stage not in WHO:
        raise IncidentProblem("stage")
    case = read_case(connection, incident_id, by.business_at, lock=True)
    who = capacities(read_standing(connection, by), case, by.account_id)
    is_own_doing = stage == "handled" and by.account_id is not None and case["handled_by"] == by.account_id
    if not (who & WHO[stage] or is_own_doing):
        raise IncidentProblem("not_yours", unit=unit_now(case), next=next_step(case))
    taken = connection.execute(TAKEN, (case["street_id"], incident_id, stage)).fetchall()
    for row in taken:
        if bytes(row["sha256"]) == kept.sha256:
            return int(row["number"])
    if len(taken) >= MOST_PHOTOS:
        raise IncidentProblem("photos")
    number = taken[-1]["number"] + 1 if taken else 1
    _write(connection, by, case, stage, number, kept, hint)
    record(connection, by, case, "add_photo", after={"sha256": kept.sha256.hex(), "stage": stage, "number": number})
    announce(connection, case["street_id"], LAYERS)
    return int(number)


def _write(
    connection: Connection, by: Actor, case: Mapping[str, Any], stage: str, number: int, kept: Kept, hint: Hint
) -> None:
    lon, lat = hint.at or (None, None)
    names = ("street_id", "id", "parties", "place_id", "community_id", "grid_id", "micro_grid_id", "estate_id")
    values = {name: case[name] for name in names} | {
        "sha256": kept.sha256,
        "media_type": kept.media_type,
        "size": kept.size,
        "account": by.account_id,
        "stage": stage,
        "number": number,
        "at": by.business_at,
        "taken_at": hint.taken_at,
        "off_m": hint.off_m,
        "hint_lon": lon,
        "hint_lat": lat,
    }
    connection.execute(ADD_FILE, values)
    connection.execute(ADD, values)
