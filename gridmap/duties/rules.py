"""Rules are data: what is due, for which places, how often, by whom. A changed rule asks anew from that day on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any

from psycopg.types.json import Jsonb
from psycopg.types.range import DateRange

from gridmap.accounts import Actor
from gridmap.audit import announce, write_audit
from gridmap.db import execute, new_id
from gridmap.db.pools import Connection
from gridmap.duties.errors import DutyProblem, SlotChanged
from gridmap.i18n import translate
from gridmap.plain import is_name
from gridmap.tables import duty
from gridmap.tables.duties import DUTY_ACTIONS, DUTY_LEVELS, DUTY_RHYTHMS, HOLIDAY_RULES
from gridmap.tables.places import BUILDING_KINDS, MANAGEMENTS

ONLY = {
    "communities": int,
    "grids": int,
    "estates": int,
    "management": MANAGEMENTS,
    "building_kinds": BUILDING_KINDS,
    "facility_kinds": str,
}
"""What a rule may be cut to: ids, or words of a closed set."""
DAYS_IN = {"week": 7, "month": 31, "quarter": 92, "year": 366}
"""How many days a period of each rhythm has at most; the others are a day themselves."""
MOST_TIMES = 12
MOST_TITLE, MOST_KIND = 60, 40
PLAIN = ("title", "title_en", "remind_day", "excused_by", "sort")
"""What may change without asking anew: how a rule is called, when it is said to be near, who may excuse."""
LAYERS = ("duties", "slots")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule of a street; `only_for` cuts its places, `times` is how often in each period."""

    kind: str
    title_en: str
    role: str
    title: str = ""
    """Empty: what the catalogue says for `title_en`."""
    action: str = "inspection"
    level: str = "stairwell"
    every: str = "month"
    times: int = 1
    fixed_day: int | None = None
    holiday_rule: str = "stay"
    remind_day: int | None = None
    excused_by: str = "community"
    only_for: Mapping[str, list[Any]] = field(default_factory=dict)
    sort: int = 0

    def __post_init__(self) -> None:
        """Raises DutyProblem on words that no rule may have."""
        if self.action not in DUTY_ACTIONS or self.level not in DUTY_LEVELS:
            raise DutyProblem("action")
        if (self.action == "household_visit") != (self.level == "household"):
            raise DutyProblem("level")
        if self.every not in DUTY_RHYTHMS or self.holiday_rule not in HOLIDAY_RULES:
            raise DutyProblem("every")
        if self.excused_by not in ("community", "street"):
            raise DutyProblem("excused_by")
        titles = (self.title, self.title_en)
        is_code = self.kind.isidentifier() and self.kind.isascii() and len(self.kind) <= MOST_KIND
        if not is_code or not self.title_en or not all(is_name(one, MOST_TITLE) for one in titles if one):
            raise DutyProblem("title")
        if not 1 <= self.times <= MOST_TIMES:
            raise DutyProblem("times")
        most = DAYS_IN.get(self.every, 0)
        if not all(one is None or 1 <= one <= most for one in (self.fixed_day, self.remind_day)):
            raise DutyProblem("fixed_day")
        for name, chosen in self.only_for.items():
            if name not in ONLY or not chosen or not all(_fits(ONLY[name], one) for one in chosen):
                raise DutyProblem("only_for")


def _fits(wanted: object, one: object) -> bool:
    if isinstance(wanted, tuple):
        return one in wanted
    return isinstance(one, int) if wanted is int else isinstance(one, str) and one.isidentifier() and one.isascii()


def add_rule(
    connection: Connection, by: Actor, street_id: int, rule: Rule, start: date, *, replaces: int | None = None
) -> int:
    """Add a rule from that day on, and give its id. Slots appear when the period is opened, also in its middle."""
    statement = (
        duty.insert()
        .values(
            street_id=street_id,
            id=new_id(street_id),
            valid=DateRange(start, None, "[)"),
            replaces_id=replaces,
            changed_at=by.business_at,
            changed_by=by.account_id,
            **_columns(rule),
        )
        .returning(duty.c.id)
    )
    row = execute(connection, statement).fetchone()
    duty_id: int = (row or {})["id"]
    after = _words(rule) | {"start": start.isoformat()} | ({"replaces": replaces} if replaces else {})
    _record(connection, by, "add_duty", duty_id, after=after)
    return duty_id


def change_rule(connection: Connection, by: Actor, duty_id: int, rule: Rule, start: date, *, revision: int) -> int:
    """Let the rule be another one from `start` on, and give the id of the one that holds then.

    What asks for the same under another name is changed where it stands; what asks for something else ends the old
    rule and begins a new one, so that history keeps what was asked when. Raises LookupError, SlotChanged,
    DutyProblem("ended").
    """
    before = _locked(connection, duty_id, revision)
    if before["until"] is not None:
        raise DutyProblem("ended")
    old, new = rule_of(before), _words(rule)
    differs = {name for name, value in _words(old).items() if new[name] != value}
    if not differs:
        return duty_id
    if differs <= set(PLAIN) or start <= before["since"]:
        _rewrite(connection, by, duty_id, rule, start=min(start, before["since"]))
        _record(connection, by, "change_duty", duty_id, before=_words(old), after=new)
        return duty_id
    _end(connection, by, duty_id, start)
    return add_rule(connection, by, duty_id >> 32, rule, start, replaces=duty_id)


def end_rule(connection: Connection, by: Actor, duty_id: int, end: date, *, revision: int) -> None:
    """Nothing is due by the rule from `end` on. Raises LookupError, SlotChanged, DutyProblem("ended")."""
    before = _locked(connection, duty_id, revision)
    if before["until"] is not None:
        raise DutyProblem("ended")
    if before["since"] >= end:
        # begun today by mistake: it was never in force
        connection.execute(
            "UPDATE gridmap.duty SET valid = daterange(%s, NULL) WHERE street_id = %s AND id = %s",
            (end - timedelta(days=1), duty_id >> 32, duty_id),
        )
    _end(connection, by, duty_id, end)


def read_rule(connection: Connection, duty_id: int) -> dict[str, Any] | None:
    """One rule as its row stands, with `since` and `until`; None where the viewer sees none."""
    return connection.execute(
        "SELECT *, lower(valid) AS since, upper(valid) AS until FROM gridmap.duty WHERE street_id = %s AND id = %s",
        (duty_id >> 32, duty_id),
    ).fetchone()


def rule_of(row: Mapping[str, Any]) -> Rule:
    """The rule that a row of `duty` holds."""
    names = tuple(asdict(Rule(kind="any", title_en="any", role="any")))
    return Rule(**{name: row[name] for name in names})


def _locked(connection: Connection, duty_id: int, revision: int) -> dict[str, Any]:
    row = connection.execute(
        "SELECT *, lower(valid) AS since, upper(valid) AS until FROM gridmap.duty"
        " WHERE street_id = %s AND id = %s FOR UPDATE",
        (duty_id >> 32, duty_id),
    ).fetchone()
    if row is None:
        raise LookupError(duty_id)
    if row["revision"] != revision:
        raise SlotChanged("rule")
    return row


def _rewrite(connection: Connection, by: Actor, duty_id: int, rule: Rule, *, start: date) -> None:
    values = _columns(rule) | {
        "valid": DateRange(start, None, "[)"),
        "revision": duty.c.revision + 1,
        "changed_at": by.business_at,
        "changed_by": by.account_id,
    }
    execute(connection, duty.update().where(duty.c.street_id == duty_id >> 32, duty.c.id == duty_id).values(**values))


def _end(connection: Connection, by: Actor, duty_id: int, end: date) -> None:
    connection.execute(
        "UPDATE gridmap.duty SET valid = daterange(lower(valid), %s), revision = revision + 1, changed_at = %s,"
        " changed_by = %s WHERE street_id = %s AND id = %s",
        (end, by.business_at, by.account_id, duty_id >> 32, duty_id),
    )
    _record(connection, by, "end_duty", duty_id, after={"end": end.isoformat()})


def _columns(rule: Rule) -> dict[str, Any]:
    return _words(rule) | {"only_for": Jsonb(dict(rule.only_for))}


def _words(rule: Rule) -> dict[str, Any]:
    words = asdict(rule)
    return words | {"title": rule.title or translate("zh", rule.title_en), "only_for": dict(rule.only_for)}


def _record(
    connection: Connection,
    by: Actor,
    action: str,
    duty_id: int,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any],
) -> None:
    write_audit(
        connection,
        action=action,
        subject="duty",
        subject_id=duty_id,
        street_id=duty_id >> 32,
        business_at=by.business_at,
        account_id=by.account_id,
        before=before,
        after=after,
    )
    announce(connection, duty_id >> 32, LAYERS)
