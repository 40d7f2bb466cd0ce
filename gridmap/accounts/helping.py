"""Whom somebody may help to sign in again: administrators everybody, leaders the people of their own scope."""

from collections.abc import Mapping
from datetime import datetime

from gridmap.db import SYSTEM, Database
from gridmap.layer import Role
from gridmap.scope import UnknownAccount, Viewer, viewer_of

HELPABLE = frozenset({Role.WORKER, Role.MANAGER, Role.DUTY_RESIDENT})
"""Roles below a leader. Helping anybody else would let a leader take over an account that sees more."""

ELSEWHERE = """
SELECT 1 FROM gridmap.account_grant
WHERE account_id = %(account)s AND NOT role = ANY (%(roles)s)
  AND coalesce(upper(valid), 'infinity') > %(now)s::timestamptz
"""
ROTAS = "SELECT count(*) AS seen FROM gridmap.rota WHERE street_id = %(street)s AND %(person)s = ANY (people)"
VISIBLE = """
SELECT count(*) AS seen FROM gridmap.place WHERE street_id = ANY (%(streets)s) AND id = ANY (%(places)s)
"""


def helper_settings(viewer: Viewer) -> Mapping[str, str]:
    """What row security reads while a leader looks after accounts: account rows open, people stay in scope.

    Every statement that runs so joins `person`, or follows a `may_help`.
    """
    return {**viewer.settings, "administers": "on"}


def may_help(database: Database, viewer: Viewer, account_id: int, now: datetime) -> bool:
    """Whether the viewer may reset, sign out or print a slip for the account at the business time `now`.

    A leader may where the person, and every place that the account sees, lies in the leader's own scope, and no
    right of the account, now or later, is above worker, manager or duty resident.
    """
    if viewer.administers:
        return True
    if Role.LEADER not in viewer.roles or account_id == viewer.account_id:
        return False
    try:
        target = viewer_of(database, account_id, now)
    except UnknownAccount:
        return False
    values = {"account": account_id, "roles": sorted(HELPABLE), "now": now}
    with database.transaction(SYSTEM) as connection:
        if target.person_id is None or connection.execute(ELSEWHERE, values).fetchone():
            return False
    return _sees_all(database, viewer, target)


def _sees_all(database: Database, viewer: Viewer, target: Viewer) -> bool:
    reach, person = target.reach, target.person_id or 0
    if reach.is_city or reach.streets or reach.communities:
        return False
    places = {*reach.grids, *reach.estates, *reach.places}
    # what they see while they have duty counts also when they have none
    if target.takes_turns and _rotas(database, viewer.settings, person) < _rotas(database, SYSTEM, person):
        return False
    with database.transaction(viewer.settings) as connection:
        key = (person >> 32, person)
        known = connection.execute("SELECT 1 FROM gridmap.person WHERE street_id = %s AND id = %s", key).fetchone()
        values = {"streets": sorted({place >> 32 for place in places}), "places": sorted(places)}
        seen = connection.execute(VISIBLE, values).fetchone()
    return known is not None and bool(seen) and (seen or {})["seen"] == len(places)


def _rotas(database: Database, settings: Mapping[str, str], person: int) -> int:
    """How many rotas of the person are seen."""
    with database.transaction(settings) as connection:
        row = connection.execute(ROTAS, {"street": person >> 32, "person": person}).fetchone()
    return int((row or {"seen": 0})["seen"])
