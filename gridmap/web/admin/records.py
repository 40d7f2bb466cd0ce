"""What happened: background jobs, and the audit."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import render_template, request

from gridmap import context
from gridmap.accounts import titles_of
from gridmap.clock import day_bounds
from gridmap.incidents.words import ACTIONS as CASE_WORDS
from gridmap.web.admin.dates import parse_day
from gridmap.web.admin.guard import for_administrators
from gridmap.web.blueprint import PAGE_SIZE, page_number, pages, titled, typed
from gridmap.web.words import ACTIONS, JOB_STATES, SUBJECTS

CASE_ACTIONS = dict(CASE_WORDS)
"""What is done to cases is called otherwise: one answers a reporter there, and a check elsewhere."""

JOBS = """
SELECT j.id, j.kind, j.state, j.progress, j.message, j.attempts, j.created_at, j.started_at, j.finished_at,
  a.title AS asker
FROM gridmap.job j LEFT JOIN gridmap.account a ON a.id = j.account_id
WHERE %(state)s::text IS NULL OR j.state = %(state)s
ORDER BY j.id DESC LIMIT %(limit)s OFFSET %(offset)s
"""
# one index scan for each street: the index begins with street_id, and the newest rows of all are wanted
AUDIT = """
SELECT a.*, s.name AS street
FROM (SELECT 0 AS id, NULL::text AS name UNION ALL SELECT id, name FROM gridmap.street) s
CROSS JOIN LATERAL (
  SELECT u.street_id, u.id, u.at, u.account_id, u.action, u.subject, u.subject_id, u.before, u.after, u.why
  FROM gridmap.audit u
  WHERE u.street_id = s.id
    AND (%(action)s::text IS NULL OR u.action = %(action)s)
    AND (%(account)s::bigint IS NULL OR u.account_id = %(account)s)
    AND (%(subject)s::text IS NULL OR u.subject = %(subject)s)
    AND (%(subject_id)s::text IS NULL OR u.subject_id = %(subject_id)s)
    AND (%(start)s::timestamptz IS NULL OR u.at >= %(start)s)
    AND (%(end)s::timestamptz IS NULL OR u.at < %(end)s)
    AND (%(before)s::timestamptz IS NULL OR (u.at, u.street_id, u.id) < (%(before)s, %(b_street)s, %(b_id)s))
  ORDER BY u.at DESC, u.id DESC LIMIT %(limit)s
) a
ORDER BY a.at DESC, a.street_id DESC, a.id DESC LIMIT %(limit)s
"""


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which audit rows are asked for; what cannot be read is not asked for."""

    action: str | None
    username: str
    subject: str | None
    subject_id: str | None
    start: datetime | None
    end: datetime | None
    cursor: tuple[datetime, int, int] | None


@pages.get("/admin/jobs")
@for_administrators
def jobs() -> str:
    """What runs in the background, and what became of it."""
    state, page = request.args.get("state"), page_number()
    values = {"state": state if state in JOB_STATES else None, "limit": PAGE_SIZE + 1}
    with context.services().database.transaction(context.viewer().settings) as connection:
        rows = connection.execute(JOBS, values | {"offset": (page - 1) * PAGE_SIZE}).fetchall()
    return render_template(
        "admin/jobs.html",
        rows=rows[:PAGE_SIZE],
        page=page,
        page_count=page + (len(rows) > PAGE_SIZE),
        state=state,
        states=JOB_STATES,
    )


@pages.get("/admin/audit")
@for_administrators
def audit() -> str:
    """Who changed, exported, granted or unmasked what, when and why; newest first."""
    asked = _filter()
    rows, titles = _rows(asked)
    more = rows[PAGE_SIZE - 1] if len(rows) > PAGE_SIZE else None
    return render_template(
        "admin/audit.html",
        rows=rows[:PAGE_SIZE],
        titles=titles,
        next=f"{more['at'].isoformat()}~{more['street_id']}~{more['id']}" if more else None,
        asked=asked,
        actions=ACTIONS,
        case_actions=CASE_ACTIONS,
        subjects=SUBJECTS,
        action_choices=titled(CASE_ACTIONS | ACTIONS),
        subject_choices=titled(SUBJECTS),
    )


def _filter() -> Filter:
    action, subject = request.args.get("action"), request.args.get("subject")
    first, last = _day("first"), _day("last")
    return Filter(
        action=action if action in CASE_ACTIONS | ACTIONS else None,
        username=typed("user").lower(),
        subject=subject if subject in SUBJECTS else None,
        subject_id=typed("id", 40) or None,
        start=first,
        end=last + timedelta(days=1) if last else None,
        cursor=_cursor(request.args.get("before", "")),
    )


def _day(name: str) -> datetime | None:
    try:
        day = parse_day(request.args.get(name, ""))
    except ValueError:
        return None
    return day_bounds(day)[0] if day else None


def _cursor(text: str) -> tuple[datetime, int, int] | None:
    at, _, rest = text.partition("~")
    street, _, identity = rest.partition("~")
    try:
        moment = datetime.fromisoformat(at)
        return (moment, int(street), int(identity)) if moment.tzinfo else None
    except ValueError:
        return None


def _rows(asked: Filter) -> tuple[list[dict[str, Any]], dict[int, str]]:
    cursor = asked.cursor or (None, None, None)
    with context.services().database.transaction(context.viewer().settings) as connection:
        account = None
        if asked.username:
            row = connection.execute("SELECT id FROM gridmap.account WHERE username = %s", (asked.username,)).fetchone()
            account = row["id"] if row else -1
        values = {
            "action": asked.action,
            "account": account,
            "subject": asked.subject,
            "subject_id": asked.subject_id,
            "start": asked.start,
            "end": asked.end,
            "before": cursor[0],
            "b_street": cursor[1],
            "b_id": cursor[2],
            "limit": PAGE_SIZE + 1,
        }
        rows = connection.execute(AUDIT, values).fetchall()
        ids = {row["account_id"] for row in rows if row["account_id"]}
        ids |= {int(row["subject_id"]) for row in rows if row["subject"] == "account" and row["subject_id"]}
        return rows, titles_of(connection, ids)
