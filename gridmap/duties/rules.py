"""Rules are data: what is due, for which places, how often, by whom. A changed rule is asked from that day on."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from psycopg.types.json import Jsonb
from psycopg.types.range import DateRange

from gridmap.accounts import Actor
from gridmap.audit import announce, write_audit
from gridmap.db import execute, new_id
from gridmap.db.pools import Connection
from gridmap.duties.errors import DutyProblem, SlotChanged
from gridmap.i18n import _, translate
from gridmap.tables import duty
from gridmap.tables.duties import DUTY_ACTIONS, DUTY_LEVELS
from gridmap.tables.places import BUILDING_KINDS, MANAGEMENTS

ONLY = {"communities": int, "estates": int, "management": MANAGEMENTS, "building_kinds": BUILDING_KINDS}
"""What a rule may be cut to: ids, or words of a closed set."""
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
        if not (self.kind.isidentifier() and self.kind.isascii() and self.title_en.strip()):
            raise DutyProblem("title")
        if not 1 <= self.times <= 12:
            raise DutyProblem("times")
        for name, chosen in self.only_for.items():
            if name not in ONLY or not all(_fits(ONLY[name], one) for one in chosen):
                raise DutyProblem("only_for")


def _fits(wanted: object, one: object) -> bool:
    return isinstance(one, int) if wanted is int else isinstance(wanted, tuple) and one in wanted


MONTHLY_CHECKS = (
    Rule(kind="fire_equipment", title_en=_("Fire equipment"), role="building_manager", remind_day=25, sort=1),
    Rule(kind="roof_safety", title_en=_("Roof safety"), role="building_manager", remind_day=25, sort=2),
    Rule(kind="corridor_clutter", title_en=_("Corridor clutter"), role="building_manager", remind_day=25, sort=3),
)
"""The default of a street: three checks a month in each stairwell."""


def add_rule(connection: Connection, by: Actor, street_id: int, rule: Rule, start: date) -> int:
    """Add a rule from that day on, and give its id. Slots appear when the period is opened, also in its middle."""
    statement = (
        duty.insert()
        .values(
            street_id=street_id,
            id=new_id(street_id),
            valid=DateRange(start, None, "[)"),
            changed_by=by.account_id,
            **_columns(rule),
        )
        .returning(duty.c.id)
    )
    row = execute(connection, statement).fetchone()
    duty_id: int = (row or {})["id"]
    _record(connection, by, "add_duty", duty_id, after=_words(rule) | {"start": start.isoformat()})
    return duty_id


def change_rule(connection: Connection, by: Actor, duty_id: int, rule: Rule, start: date, *, revision: int) -> int:
    """End the rule on `start` and begin the changed one then: history keeps what was asked when. Gives the new id."""
    end_rule(connection, by, duty_id, start, revision=revision)
    return add_rule(connection, by, duty_id >> 32, replace(rule), start)


def end_rule(connection: Connection, by: Actor, duty_id: int, end: date, *, revision: int) -> None:
    """Nothing is due by the rule from `end` on. Raises LookupError, SlotChanged, DutyProblem("valid")."""
    key = (duty_id >> 32, duty_id)
    row = connection.execute(
        "SELECT valid, revision FROM gridmap.duty WHERE street_id = %s AND id = %s FOR UPDATE", key
    ).fetchone()
    if row is None:
        raise LookupError(duty_id)
    if row["revision"] != revision:
        raise SlotChanged("rule")
    if row["valid"].lower >= end:
        raise DutyProblem("valid")
    connection.execute(
        "UPDATE gridmap.duty SET valid = daterange(lower(valid), %s), revision = revision + 1, changed_at = %s,"
        " changed_by = %s WHERE street_id = %s AND id = %s",
        (end, by.business_at, by.account_id, *key),
    )
    _record(connection, by, "end_duty", duty_id, after={"end": end.isoformat()})


def _columns(rule: Rule) -> dict[str, Any]:
    return _words(rule) | {"only_for": Jsonb(dict(rule.only_for))}


def _words(rule: Rule) -> dict[str, Any]:
    names = ("kind", "title_en", "action", "level", "every", "times", "fixed_day", "holiday_rule")
    words = {name: getattr(rule, name) for name in (*names, "remind_day", "role", "excused_by", "sort")}
    return words | {"title": rule.title or translate("zh", rule.title_en), "only_for": dict(rule.only_for)}


def _record(connection: Connection, by: Actor, action: str, duty_id: int, *, after: dict[str, Any]) -> None:
    write_audit(
        connection,
        action=action,
        subject="duty",
        subject_id=duty_id,
        street_id=duty_id >> 32,
        business_at=by.business_at,
        account_id=by.account_id,
        after=after,
    )
    announce(connection, duty_id >> 32, LAYERS)
