"""Reports under load: hundreds of phones through the real API, each report held against the tables."""

from collections.abc import Iterator
from datetime import datetime

import psycopg

from gridmap.accounts import Actor, create_token
from gridmap.bench.figures import Figure
from gridmap.bench.many_cases import streets_of
from gridmap.bench.phones import Load, Sent, send
from gridmap.bench.processes import cpu_of
from gridmap.bench.server import BenchProblem, Running
from gridmap.clock import OFFICE, real_now
from gridmap.db import SYSTEM, Database
from gridmap.scope import Viewer

PUBLISHED = 41
"""Submissions a second that ODK Central's own benchmark tells; its forms are larger than these reports."""
LEAST, MOST_P95 = 126, 500
# every kind in turn, as reports come: the same thing at the same door within seconds is what no street sees
PLACES = """
SELECT p.id, k.code AS kind FROM (
  SELECT id, row_number() OVER (ORDER BY id %% 9973, id) AS place FROM gridmap.place
  WHERE street_id = ANY (%(streets)s) AND kind = 'stairwell' AND upper_inf(valid) ORDER BY id %% 9973, id LIMIT 5000
) p JOIN (
  SELECT code, row_number() OVER (ORDER BY code) AS place, count(*) OVER () AS kinds FROM gridmap.incident_kind
  WHERE NOT is_private AND valid @> %(day)s::date
) k ON k.place = 1 + p.place %% k.kinds
ORDER BY p.place
"""
FORGET = "DELETE FROM gridmap.incident WHERE sent_id = ANY (%(ids)s)"
KEPT = (
    "SELECT sent_id, count(*) AS times, min(id) AS id FROM gridmap.incident WHERE sent_id = ANY (%s) GROUP BY sent_id"
)


def places_of(database: Database, viewer: Viewer, now: datetime) -> list[tuple[int, str]]:
    """Where the phones report: stairwells that the viewer sees, and what. Raises BenchProblem where there are none."""
    with database.transaction(viewer.prologue) as connection:
        values = {"streets": streets_of(connection, viewer), "day": now.astimezone(OFFICE).date()}
        found = [(row["id"], row["kind"]) for row in connection.execute(PLACES, values)]
    if not found:
        raise BenchProblem(f"{viewer.username!r} sees no stairwell to report at")
    return found


def token_for(database: Database, viewer: Viewer, now: datetime) -> str:
    """A token of the viewer's account, good for a day."""
    with database.transaction(SYSTEM) as connection:
        by = Actor(account_id=None, business_at=now, at=real_now())
        return create_token(connection, by, viewer.account_id, name="bench incidents", days=1)


def report(server: Running, database: Database, owner_url: str, token: str, load: Load) -> Iterator[Figure]:
    """Let the phones report, and hold what they were promised against the tables; the cases leave again."""
    before = cpu_of(server.workers()), cpu_of(server.backends())
    sent = send(server.target, token, load)
    spent = cpu_of(server.workers()) - before[0], cpu_of(server.backends()) - before[1]
    with database.transaction(SYSTEM) as connection:
        kept = {row["sent_id"]: row for row in connection.execute(KEPT, (list(sent.accepted),)).fetchall()}
    lost = sum(one not in kept or kept[one]["id"] != case for one, case in sent.accepted.items())
    doubled = sum(row["times"] > 1 for row in kept.values()) + sent.told_otherwise
    with psycopg.connect(owner_url) as owner:
        owner.execute(FORGET, {"ids": list(sent.accepted)})
    yield from _told(sent, load, lost, doubled)
    page = f"reports of {load.phones:,} phones"
    for what, seconds in zip(("web server", "database"), spent, strict=True):
        each = 1000 * seconds / max(len(sent.accepted), 1)
        yield Figure(page=page, what=f"processor of the {what}, each report", unit="ms", values=(each,))


def _told(sent: Sent, load: Load, lost: int, doubled: int) -> Iterator[Figure]:
    page = f"reports of {load.phones:,} phones"
    refused = sum(count for status, count in sent.statuses.items() if status != 200)
    about = f"accepted a second of {load.per_second:,.0f} offered; ODK Central's published {PUBLISHED}"
    # fewer than the bar may be offered, to look at the rest
    least = LEAST if load.per_second >= LEAST else None
    yield Figure(page=page, what=about, unit="a second", values=(sent.per_second,), least=least)
    for part, bar in ((0.5, None), (0.95, MOST_P95), (0.99, None)):
        what = f"p{part * 100:.0f} from when it should have been sent to its answer"
        yield Figure(page=page, what=what, unit="ms", values=(sent.share(part),), bar=bar)
    yield Figure(page=page, what="not accepted", unit="reports", values=(refused,), bar=0)
    yield Figure(page=page, what="accepted and lost", unit="reports", values=(lost,), bar=0)
    yield Figure(page=page, what="doubled", unit="reports", values=(doubled,), bar=0)
