"""The start of administration, and what is still missing before a street can work."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from flask import render_template, url_for

from gridmap import context
from gridmap.clock import real_now
from gridmap.cluster import real_home
from gridmap.cluster.backup import backups_in
from gridmap.db.pools import Connection
from gridmap.i18n import _
from gridmap.web.admin.guard import for_administrators, for_leaders
from gridmap.web.blueprint import actor, pages, say
from gridmap.web.remembered import remembered, version_of

COUNTED = ("streets", "communities", "grids", "buildings", "stairwells", "assignments", "people")
"""The layers that the counts of the register come from."""
OLD_BACKUP = timedelta(days=2)
NEXT_YEAR_FROM_MONTH = 11

STREETS = """
SELECT s.id, s.code, s.name, s.is_demo,
  (SELECT count(*) FROM gridmap.community c WHERE c.street_id = s.id) AS communities,
  (SELECT count(*) FROM gridmap.community c WHERE c.street_id = s.id AND c.geom IS NULL) AS without_outline,
  (SELECT count(*) FROM gridmap.person p WHERE p.street_id = s.id) AS people,
  coalesce(n.grids, 0) AS grids, coalesce(n.buildings, 0) AS buildings, coalesce(n.stairwells, 0) AS stairwells,
  coalesce(n.grids, 0) - coalesce(h.grids, 0) AS grids_without,
  coalesce(n.stairwells, 0) - coalesce(h.stairwells, 0) AS stairwells_without
FROM gridmap.street s
LEFT JOIN (
  SELECT p.street_id, count(*) FILTER (WHERE p.kind = 'grid' AND g.type <> 'micro') AS grids,
    count(*) FILTER (WHERE p.kind = 'building') AS buildings,
    count(*) FILTER (WHERE p.kind = 'stairwell') AS stairwells
  FROM gridmap.place p LEFT JOIN gridmap.grid g ON g.street_id = p.street_id AND g.place_id = p.id
  WHERE p.kind IN ('grid', 'building', 'stairwell') GROUP BY p.street_id
) n ON n.street_id = s.id
LEFT JOIN (
  SELECT a.street_id,
    count(DISTINCT a.place_id) FILTER (WHERE a.role = 'grid_worker' AND g.type <> 'micro') AS grids,
    count(DISTINCT a.place_id) FILTER (WHERE a.role = 'building_manager') AS stairwells
  FROM gridmap.assignment a LEFT JOIN gridmap.grid g ON g.street_id = a.street_id AND g.place_id = a.place_id
  WHERE a.is_primary AND a.role IN ('grid_worker', 'building_manager') AND a.valid @> %(now)s::timestamptz
  GROUP BY a.street_id
) h ON h.street_id = s.id
ORDER BY s.code
"""
ACCOUNTS = """
SELECT count(*) AS accounts,
  count(*) FILTER (WHERE a.disabled_at IS NULL AND a.must_change_password AND NOT EXISTS (
    SELECT FROM gridmap.session s WHERE s.account_id = a.id)) AS never,
  count(*) FILTER (WHERE a.disabled_at IS NULL AND NOT EXISTS (
    SELECT FROM gridmap.account_grant g WHERE g.account_id = a.id AND g.valid @> %(now)s::timestamptz)) AS no_grant,
  count(*) FILTER (WHERE a.disabled_at IS NULL AND EXISTS (
    SELECT FROM gridmap.account_grant g WHERE g.account_id = a.id AND g.role = 'administrator'
      AND g.valid @> %(now)s::timestamptz)) AS administrators
FROM gridmap.account a
"""
JOBS = """
SELECT count(*) FILTER (WHERE state = 'failed') AS failed,
  count(*) FILTER (WHERE state IN ('queued', 'running')) AS open
FROM gridmap.job WHERE created_at > now() - interval '7 days'
"""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that a working street has: how it stands, what to do, and where."""

    title: str
    state: Literal["ok", "missing", "better", "unknown"]
    help: str = ""
    href: str = ""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What the checks look at."""

    streets: list[dict[str, Any]]
    accounts: dict[str, Any]
    jobs: dict[str, Any]
    years: frozenset[int]

    def total(self, name: str) -> int:
        """The sum of one number over the streets."""
        return sum(row[name] for row in self.streets)


@pages.get("/admin")
@for_leaders
def administration() -> str:
    """Where administration begins."""
    if not context.viewer().administers:
        return render_template("admin/index.html", missing=None, standing=None)
    standing = _standing()
    missing = sum(check.state == "missing" for check in checks(standing))
    return render_template("admin/index.html", missing=missing, standing=standing)


@pages.get("/admin/setup")
@for_administrators
def setup() -> str:
    """What is still missing for a real street, and where to mend it."""
    standing = _standing()
    return render_template("admin/setup.html", checks=list(checks(standing)), streets=standing.streets)


def checks(standing: Standing) -> Iterator[Check]:
    """Every check, in the order in which a street is set up."""
    yield from _register_checks(standing)
    yield from _people_checks(standing)
    yield from _office_checks(standing)


def _standing() -> Standing:
    viewer, now = context.viewer(), {"now": actor().business_at}
    # counted anew when the register changes, and each day; everything else is asked every time
    key = ("standing", viewer.key, context.services().clock.today(), version_of(COUNTED, None))
    with context.services().database.transaction(viewer.settings) as connection:
        return Standing(
            streets=remembered(key, lambda: connection.execute(STREETS, now).fetchall()),
            accounts=_row(connection, ACCOUNTS, now),
            jobs=_row(connection, JOBS, {}),
            years=frozenset(
                row["year"] for row in connection.execute("SELECT year FROM gridmap.calendar_year").fetchall()
            ),
        )


def _row(connection: Connection, statement: str, values: dict[str, Any]) -> dict[str, Any]:
    return connection.execute(statement, values).fetchone() or {}


def _counted(
    title: str, missing: int, help_text: str, href: str = "", *, state: Literal["missing", "better"] = "missing"
) -> Check:
    if not missing:
        return Check(title=say(title), state="ok")
    return Check(title=say(title), state=state, help=say(help_text, count=missing), href=href)


def _register_checks(standing: Standing) -> Iterator[Check]:
    yield _counted(
        _("Streets"), int(not standing.streets), _("There is no street yet. Run “gridmap init” on the server.")
    )
    for name, title, help_text in (
        ("communities", _("Communities"), _("{count} streets have no community. Load them with “gridmap load”.")),
        ("grids", _("Grids"), _("{count} streets have no grid. Load them with “gridmap load grids”.")),
        ("buildings", _("Buildings"), _("{count} streets have no building. Load them with “gridmap load buildings”.")),
    ):
        yield _counted(title, sum(not row[name] for row in standing.streets), help_text, url_for("pages.streets"))
    yield _counted(
        _("Outlines of the communities"),
        standing.total("without_outline"),
        _("{count} communities have no outline. The map cannot draw them. Load them with “gridmap load communities”."),
        url_for("pages.streets"),
        state="better",
    )


def _people_checks(standing: Standing) -> Iterator[Check]:
    accounts = standing.accounts
    yield _counted(
        _("People on duty"),
        sum(not row["people"] for row in standing.streets),
        _("{count} streets have nobody on duty. Fill the people template and load it with “gridmap load people”."),
    )
    yield _counted(
        _("Grid workers"),
        standing.total("grids_without"),
        _("{count} grids have no grid worker: their places have nobody."),
        "/map",
    )
    yield _counted(
        _("Building managers"),
        standing.total("stairwells_without"),
        _("{count} stairwells have no building manager."),
        "/map",
    )
    yield _counted(
        _("First sign-ins"),
        accounts["never"],
        _("{count} accounts have never signed in. Print their slips."),
        url_for("pages.accounts", state="never"),
    )
    yield _counted(
        _("Rights"),
        accounts["no_grant"],
        _("{count} accounts have no right: they cannot sign in."),
        url_for("pages.accounts", state="no_grant"),
    )
    yield _counted(
        _("A second administrator"),
        int(accounts["administrators"] < 2),
        _("There is only one administrator. Make a second account, so that one forgotten password locks nobody out."),
        url_for("pages.accounts", role="administrator"),
        state="better",
    )


def _office_checks(standing: Standing) -> Iterator[Check]:
    today = context.services().clock.today()
    needed = {today.year} | ({today.year + 1} if today.month >= NEXT_YEAR_FROM_MONTH else set())
    for year in sorted(needed):
        state: Literal["ok", "missing"] = "ok" if year in standing.years else "missing"
        help_text = say(_("Without its days off, {year} runs on weekends alone: deadlines are provisional."), year=year)
        title = say(_("Calendar of {year}"), year=year)
        yield Check(
            title=title,
            state=state,
            help="" if state == "ok" else help_text,
            href="" if state == "ok" else url_for("pages.calendar", year=year),
        )
    yield _backup_check()
    yield _counted(
        _("Background work"),
        standing.jobs["failed"],
        _("{count} jobs of the last seven days have failed."),
        url_for("pages.jobs", state="failed"),
    )
    if context.services().settings.is_secure:
        yield Check(title=say(_("Protected connection")), state="ok")
    else:
        yield Check(
            title=say(_("Protected connection")),
            state="missing",
            help=say(_("Phones need https. The deployment guide says how to give gridmap a certificate.")),
        )


def _backup_check() -> Check:
    title, newest = say(_("Backup")), _newest_backup()
    if newest == "unknown":
        return Check(
            title=title, state="unknown", help=say(_("The web server may not look at backups. Run “gridmap doctor”."))
        )
    if newest is None:
        return Check(title=title, state="missing", help=say(_("There is none yet. Run “gridmap db backup”.")))
    assert isinstance(newest, datetime)
    if real_now() - newest > OLD_BACKUP:
        return Check(
            title=title, state="missing", help=say(_("The newest is older than two days. See “gridmap work”."))
        )
    return Check(title=title, state="ok")


def _newest_backup() -> datetime | Literal["unknown"] | None:
    folder = real_home(context.services().settings.home) / "backups"
    try:
        # glob passes over a folder that may not be read, so it is asked plainly first
        if folder.exists():
            next(folder.iterdir(), None)
        made = backups_in(folder)
    except PermissionError:
        return "unknown"
    return made[-1].made_at if made else None
