"""The diary (民情日记): what people said at the door, on the telephone or at the counter, and what became of it."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from gridmap.accounts import Actor
from gridmap.audit import announce, write_audit
from gridmap.clock import OFFICE
from gridmap.db.pools import Connection
from gridmap.incidents.errors import CaseChanged, IncidentProblem
from gridmap.incidents.kinds import read_kind
from gridmap.incidents.reporting import MOST_NAME, MOST_PHONE, Report, Reported, report_incident
from gridmap.incidents.routing import Spot, spot_of_place
from gridmap.plain import is_plain
from gridmap.tables.diary import CHANNELS

LAYERS = ("diary",)
MOST_LINE, MOST_ANSWER = 300, 500
LONGEST_PROMISE = timedelta(days=366)
ANSWER_DAYS = timedelta(days=7)
"""By when a visitor of a reception day gets an answer, unless another day is said: each of them gets one."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the diary, about a place or a whole community.

    `kind`: it becomes a case of that kind at once. `is_done`: there is nothing left to do, it is only noted.
    `is_private`: its words are kept like a name, apart and locked.
    """

    text: str
    channel: str = "visit"
    place_id: int | None = None
    community_id: int | None = None
    contact_name: str = ""
    contact_phone: str = ""
    is_private: bool = False
    is_done: bool = False
    kind: str | None = None
    severity: int | None = None
    promised_on: date | None = None
    reception_id: int | None = None

    def __post_init__(self) -> None:
        """Raises IncidentProblem for what cannot be kept."""
        if not 0 < len(self.text.strip()) <= MOST_LINE or not is_plain(self.text):
            raise IncidentProblem("text")
        if self.channel not in CHANNELS or (self.channel == "reception") != (self.reception_id is not None):
            raise IncidentProblem("channel")
        named = self.contact_name + self.contact_phone
        if len(self.contact_name) > MOST_NAME or len(self.contact_phone) > MOST_PHONE or not is_plain(named):
            raise IncidentProblem("contact")


@dataclass(frozen=True, kw_only=True)
class Written:
    """The entry that was written, its turn on a reception day, and the case that it became."""

    diary_id: int
    turn: int | None = None
    case: Reported | None = None


ADD = """
INSERT INTO gridmap.diary (street_id, id, channel, text, is_private, place_id, at, account_id, outcome, promised_on,
  incident_id, reception_id, turn, community_id, grid_id, micro_grid_id, estate_id, changed_at, changed_by)
VALUES (%(street_id)s, %(street_id)s::bigint * 4294967296 + nextval('gridmap.serial'), %(channel)s, %(text)s,
  %(is_private)s, %(place_id)s, %(now)s, %(account)s, %(outcome)s,
  %(promised_on)s, %(incident_id)s, %(reception_id)s, %(turn)s, %(community_id)s, %(grid_id)s, %(micro_grid_id)s,
  %(estate_id)s, %(now)s, %(account)s)
RETURNING id
"""
ADD_CONTACT = """
INSERT INTO gridmap.diary_contact (street_id, diary_id, name, phone, words, account_id, place_id, community_id,
  grid_id, micro_grid_id, estate_id)
VALUES (%(street_id)s, %(id)s, %(name)s, %(phone)s, %(words)s, %(account)s, %(place_id)s, %(community_id)s, %(grid_id)s,
  %(micro_grid_id)s, %(estate_id)s)
"""
SETTLE = """
UPDATE gridmap.diary SET outcome = %(outcome)s, answer = %(answer)s, answered_at = %(answered_at)s,
  incident_id = %(incident_id)s, promised_on = coalesce(%(promised_on)s::date, promised_on),
  revision = revision + 1, changed_at = %(now)s, changed_by = %(account)s
WHERE street_id = %(street)s AND id = %(id)s
"""


def write_entry(connection: Connection, by: Actor, entry: Entry) -> Written:
    """Write the entry, and the case that it becomes, in the caller's transaction.

    Raises LookupError where the viewer sees no such place or community, IncidentProblem("private" | "promised" |
    "where" | …) and whatever reporting a case raises.
    """
    spot = _spot(connection, entry)
    turn = _next_turn(connection, entry.reception_id)
    entry = _kept_private(connection, by, entry)
    _check_promise(by, entry.promised_on)
    case = _report(connection, by, entry, entry.text, spot) if entry.kind else None
    promised = entry.promised_on or _promise(by, entry, case)
    values: dict[str, Any] = spot.columns | {
        "street_id": spot.street_id,
        "channel": entry.channel,
        "text": None if entry.is_private else entry.text.strip(),
        "is_private": entry.is_private,
        "now": by.business_at,
        "account": by.account_id,
        "outcome": "case" if case else "noted" if entry.is_done else None,
        "promised_on": None if entry.is_done else promised,
        "incident_id": case.incident_id if case else None,
        "reception_id": entry.reception_id,
        "turn": turn,
        "name": entry.contact_name.strip() or None,
        "phone": entry.contact_phone.strip() or None,
        "words": entry.text.strip() if entry.is_private else None,
    }
    diary_id = int((connection.execute(ADD, values).fetchone() or {})["id"])
    if values["name"] or values["phone"] or values["words"]:
        connection.execute(ADD_CONTACT, values | {"id": diary_id})
    after = {name: values[name] for name in ("channel", "place_id", "outcome", "incident_id", "is_private")}
    _record(connection, by, "write_diary", diary_id, after)
    return Written(diary_id=diary_id, turn=turn, case=case)


def answer_entry(connection: Connection, by: Actor, diary_id: int, answer: str, *, revision: int) -> None:
    """Write down what the person was told; that is the end of it. Raises LookupError, CaseChanged, IncidentProblem."""
    if not 0 < len(answer.strip()) <= MOST_ANSWER or not is_plain(answer):
        raise IncidentProblem("answer")
    _locked_open(connection, diary_id, revision)
    _settle(connection, by, diary_id, outcome="answered", answer=answer.strip(), answered_at=by.business_at)
    _record(connection, by, "answer_diary", diary_id, {"outcome": "answered"})


def note_entry(connection: Connection, by: Actor, diary_id: int, *, revision: int) -> None:
    """Say that there is nothing left to do. Raises LookupError, CaseChanged."""
    _locked_open(connection, diary_id, revision)
    _settle(connection, by, diary_id, outcome="noted")
    _record(connection, by, "answer_diary", diary_id, {"outcome": "noted"})


def make_case(
    connection: Connection,
    by: Actor,
    diary_id: int,
    kind: str,
    *,
    revision: int,
    reason: str,
    severity: int | None = None,
) -> Reported:
    """Let an entry become a case. Its clear contact and private words go along, and that is written down (`reason`).

    Raises LookupError, CaseChanged, IncidentProblem.
    """
    row = _locked_open(connection, diary_id, revision)
    known = connection.execute(
        "SELECT * FROM gridmap.unmask_diary(%s, %s, %s, %s)", (diary_id >> 32, diary_id, reason, by.business_at)
    ).fetchone()
    contact = known or {"name": None, "phone": None, "words": None}
    entry = Entry(
        text=row["text"] or contact["words"] or "—",
        channel=row["channel"],
        reception_id=row["reception_id"],
        place_id=row["place_id"],
        community_id=row["community_id"],
        contact_name=contact["name"] or "",
        contact_phone=contact["phone"] or "",
        is_private=row["is_private"],
        kind=kind,
        severity=severity,
    )
    entry = _kept_private(connection, by, entry, was=row["is_private"])
    case = _report(connection, by, entry, entry.text, _spot(connection, entry))
    due = case.due_at.astimezone(OFFICE).date()
    _settle(connection, by, diary_id, outcome="case", incident_id=case.incident_id, promised_on=due)
    _record(connection, by, "answer_diary", diary_id, {"outcome": "case", "incident_id": case.incident_id})
    return case


def _kept_private(connection: Connection, by: Actor, entry: Entry, *, was: bool | None = None) -> Entry:
    """The entry, private where its kind is; private words never go into a case that its parties read.

    `was`: whether an entry that stands already is private.
    """
    if entry.kind is None:
        return entry
    is_private = read_kind(connection, entry.kind, by.business_at.astimezone(OFFICE).date())["is_private"]
    if (entry.is_private if was is None else was) and not is_private:
        raise IncidentProblem("private")
    return replace(entry, is_private=is_private)


def _check_promise(by: Actor, day: date | None) -> None:
    today = by.business_at.astimezone(OFFICE).date()
    if day is not None and not today <= day <= today + LONGEST_PROMISE:
        raise IncidentProblem("promised")


def _promise(by: Actor, entry: Entry, case: Reported | None) -> date | None:
    """The day of the answer where none was said: the deadline of the case, and of a visitor a week from now."""
    if case:
        return case.due_at.astimezone(OFFICE).date()
    return by.business_at.astimezone(OFFICE).date() + ANSWER_DAYS if entry.reception_id else None


def _spot(connection: Connection, entry: Entry) -> Spot:
    if entry.place_id is not None:
        return spot_of_place(connection, entry.place_id)
    if entry.community_id is None:
        raise IncidentProblem("where")
    row = connection.execute(
        "SELECT street_id, id, name FROM gridmap.community WHERE street_id = %s AND id = %s",
        (entry.community_id >> 32, entry.community_id),
    ).fetchone()
    if row is None:
        raise LookupError(entry.community_id)
    return Spot(street_id=row["street_id"], community_id=row["id"], address=row["name"])


def _next_turn(connection: Connection, reception_id: int | None) -> int | None:
    """The next number of the queue; the reception day is locked, so that nobody gets the same. Raises LookupError."""
    if reception_id is None:
        return None
    day = connection.execute(
        "SELECT state FROM gridmap.reception WHERE street_id = %s AND id = %s FOR NO KEY UPDATE",
        (reception_id >> 32, reception_id),
    ).fetchone()
    if day is None:
        raise LookupError(reception_id)
    if day["state"] == "cancelled":
        raise IncidentProblem("cancelled")
    row = connection.execute(
        "SELECT coalesce(max(turn), 0) + 1 AS turn FROM gridmap.diary WHERE street_id = %s AND reception_id = %s",
        (reception_id >> 32, reception_id),
    ).fetchone()
    return int((row or {})["turn"])


def _report(connection: Connection, by: Actor, entry: Entry, text: str, spot: Spot) -> Reported:
    if spot.place_id is None:
        raise IncidentProblem("where")
    report = Report(
        kind=entry.kind or "",
        severity=entry.severity,
        place_id=spot.place_id,
        text=text.strip(),
        source="diary",
        done=entry.is_done,
        contact_name=entry.contact_name,
        contact_phone=entry.contact_phone,
    )
    return report_incident(connection, by, report)


def _locked_open(connection: Connection, diary_id: int, revision: int) -> dict[str, Any]:
    """The entry, locked, if nobody has settled it. Raises LookupError, CaseChanged."""
    row = connection.execute(
        "SELECT * FROM gridmap.diary WHERE street_id = %s AND id = %s FOR NO KEY UPDATE", (diary_id >> 32, diary_id)
    ).fetchone()
    if row is None:
        raise LookupError(diary_id)
    if row["revision"] != revision or row["outcome"] is not None:
        raise CaseChanged({"revision": row["revision"], "state": row["outcome"], "changed_at": row["changed_at"]})
    return row


def _settle(connection: Connection, by: Actor, diary_id: int, **changes: Any) -> None:
    values = dict.fromkeys(("outcome", "answer", "answered_at", "incident_id", "promised_on")) | changes
    connection.execute(
        SETTLE, values | {"now": by.business_at, "account": by.account_id, "street": diary_id >> 32, "id": diary_id}
    )


def _record(connection: Connection, by: Actor, action: str, diary_id: int, after: dict[str, Any]) -> None:
    write_audit(
        connection,
        action=action,
        subject="diary",
        subject_id=diary_id,
        street_id=diary_id >> 32,
        business_at=by.business_at,
        account_id=by.account_id,
        after=after,
    )
    announce(connection, diary_id >> 32, LAYERS)
