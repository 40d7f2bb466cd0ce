"""`/import`: send a file, go on with one that waits, and see what was brought in before."""

from typing import Any

from flask import render_template

from gridmap import context
from gridmap.db.pools import Connection
from gridmap.web.blueprint import PAGE_SIZE, page_number, pages
from gridmap.web.imports.guard import asked_street, for_importers, importing, streets
from gridmap.web.imports.words import BADGES, KINDS, STATES

WAITING = """
SELECT u.id, u.file_name, u.state, u.sent_at, u.said ->> 'kind' AS kind, s.name AS street_name, a.title AS sender
FROM gridmap.upload u JOIN gridmap.street s ON s.id = u.street_id LEFT JOIN gridmap.account a ON a.id = u.account_id
WHERE u.state NOT IN ('written', 'dropped') AND (%(city)s OR u.street_id = ANY (%(streets)s))
ORDER BY u.sent_at DESC, u.id DESC LIMIT 20
"""
RUNS = """
SELECT r.id, r.kind, r.file_name, r.counts, r.imported_at, r.undone_at, s.name AS street_name, a.title AS sender
FROM gridmap.import_run r JOIN gridmap.street s ON s.id = r.street_id
LEFT JOIN gridmap.account a ON a.id = r.account_id
WHERE %(city)s OR r.street_id = ANY (%(streets)s)
ORDER BY r.id DESC LIMIT %(limit)s OFFSET %(offset)s
"""
TO_PLACE = """
SELECT count(*) AS rows FROM gridmap.unplaced
WHERE state = 'waiting' AND (%(city)s OR street_id = ANY (%(streets)s))
"""


@pages.get("/import")
@for_importers
def import_start() -> str:
    """The form, the files that wait, and the runs, the newest first."""
    return start_page()


def start_page(problem: str = "") -> str:
    """The page, with what was wrong with a file that was sent."""
    page = page_number()
    with context.services().database.transaction(context.viewer().prologue) as connection:
        choices = streets(connection)
        chosen = asked_street(choices)
        waiting, runs, to_place = _rows(connection, page)
    return render_template(
        "imports/start.html",
        streets=choices,
        chosen=chosen,
        waiting=waiting,
        runs=runs[:PAGE_SIZE],
        to_place=to_place,
        page=page,
        page_count=page + (len(runs) > PAGE_SIZE),
        problem=problem,
        states=STATES,
        badges=BADGES,
        kinds=KINDS,
    )


def _rows(connection: Connection, page: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]], int]:
    values = {"city": importing().is_city, "streets": sorted(importing().streets)}
    waiting = connection.execute(WAITING, values).fetchall()
    runs = connection.execute(RUNS, values | {"limit": PAGE_SIZE + 1, "offset": (page - 1) * PAGE_SIZE}).fetchall()
    to_place = connection.execute(TO_PLACE, values).fetchone()
    return waiting, runs, int((to_place or {})["rows"])
