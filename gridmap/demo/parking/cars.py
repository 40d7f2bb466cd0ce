"""Cars from outside on their way through the rules: what the commands would have written, step by step. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from gridmap.demo.choice import between, pick
from gridmap.demo.parking.ground import TODAY, Zone, rules_of
from gridmap.demo.parking.stories import COMMUNITY, OFFICE_LEADER, Decided
from gridmap.demo.register import Row
from gridmap.parking.judging import Verdict, judge
from gridmap.parking.keeping import keeps_plate, sighting_goes_at
from gridmap.parking.machine import Action, Capacity, State, refusal
from gridmap.parking.plates import Plate
from gridmap.parking.rows import columns_of
from gridmap.parking.standing import Standing, Step, advance, hindrance, settled
from gridmap.parking.staying import Round

GIVEN = ("slip", "slip", "slip", "call", "text")
NOBODY: Mapping[str, Any] = {"proposed_on": None, "proposed_at": None, "proposed_by": None, "saw": []}
DECIDERS = (COMMUNITY, OFFICE_LEADER)
TO_GIVE = TODAY - timedelta(days=4)
"""Notices of evenings since then have not been given yet."""
APPEALS = {Action.APPEAL, Action.UPHOLD, Action.REVOKE}


class NotAllowed(Exception):
    """A story that the machine would have refused."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """When a car was seen, by which account, and in which count."""

    at: datetime
    by: int
    round: Round | None = None


@dataclass(kw_only=True)
class Car:
    """A car in an estate, and all rows about it so far, still without ids: they refer to each other by place."""

    zone: Zone
    plate: Plate
    created_at: datetime
    created_by: int
    standing: Standing = field(default_factory=Standing)
    columns: Row = field(default_factory=dict)
    revision: int = 1
    changed_by: int | None = None
    sightings: list[Row] = field(default_factory=list)
    violations: list[Row] = field(default_factory=list)
    notices: list[Row] = field(default_factory=list)
    """`violation`: place among the violations."""
    bans: list[Row] = field(default_factory=list)
    turns: list[Row] = field(default_factory=list)
    """`ban`: place among the bans, or None."""

    def __post_init__(self) -> None:
        self.columns = columns_of(self.standing, NOBODY, self.created_at)
        self.changed_by = self.created_by

    def see(self, seen: Seen) -> Verdict:
        """Write a sighting down, and what follows from it."""
        self._settle(seen.at)
        verdict = judge(self.standing, seen.at, rules_of(self.zone))
        self.sightings.append(self._sighting(seen, str(verdict.action or verdict.nothing)))
        if verdict.action is None:
            return verdict
        self._violation(seen, verdict)
        self._step(Step(action=verdict.action, at=seen.at, account_id=seen.by, evening=verdict.evening))
        return verdict

    def decide(self, decided: Decided) -> None:
        """Take a decision."""
        self._settle(decided.at)
        self._step(
            Step(
                action=decided.action,
                at=decided.at,
                account_id=decided.by,
                evening=decided.evening,
                reason=decided.reason,
            )
        )

    def kept(self, now: datetime) -> list[Row]:
        """The sightings that have not been forgotten by then."""
        return [row for row in self.sightings if sighting_goes_at(self.standing, row["at"]) > now]

    def row(self, now: datetime) -> Row:
        """The car's own row as the round of that night left it, without its id and hash."""
        is_kept = self.standing.state is not State.FREE and keeps_plate(self.standing, now)
        return {
            **self.zone.home,
            "plate_masked": self.plate.masked,
            "plate": self.plate.clear if is_kept else None,
            **self.columns,
            "revision": self.revision,
            "changed_by": self.changed_by,
        }

    def _settle(self, now: datetime) -> None:
        """What happened by itself until then, each at its own moment."""
        rules = rules_of(self.zone)
        after, steps = settled(self.standing, now, rules)
        for step in steps:
            before = self.standing
            self.standing = advance(before, step, rules)
            self._turn(step, before)
        if steps:
            self._written(now, None)
        assert after == self.standing

    def _step(self, step: Step) -> None:
        who = {Capacity.DECIDER} if step.account_id in DECIDERS else {Capacity.WATCHER, Capacity.SEER}
        given = [name for name in ("evening", "reason") if getattr(step, name)]
        problem = refusal(step.action, self.standing.state, who, given) or hindrance(self.standing, step)
        if problem is not None:
            raise NotAllowed(f"{self.zone.code} {self.plate} {step.action} {step.at}: {problem}")
        before = self.standing
        self.standing = advance(before, step, rules_of(self.zone))
        self._ban(step)
        if step.action is Action.WITHDRAW:
            self._withdraw(step)
        self._turn(step, before)
        self._written(step.at, step.account_id)

    def _written(self, now: datetime, account_id: int | None) -> None:
        self.columns = columns_of(self.standing, self.columns, now)
        self.revision += 1
        self.changed_by = account_id

    def _sighting(self, seen: Seen, found: str) -> Row:
        made = seen.round
        return {
            **self.zone.where,
            "at": seen.at,
            "received_at": seen.at,
            "counted_on": made.day if made else None,
            "part": str(made.part) if made else None,
            "found": found,
            "account_id": seen.by,
        }

    def _violation(self, seen: Seen, verdict: Verdict) -> None:
        is_new = all(row["evening"] != verdict.evening for row in self.violations if row["withdrawn_at"] is None)
        if not is_new:
            return
        self.violations.append(
            {
                **self.zone.where,
                "evening": verdict.evening,
                "at": seen.at,
                "is_counted": verdict.action is not Action.TRESPASS,
                "account_id": seen.by,
                "withdrawn_at": None,
                "withdrawn_by": None,
                "withdrawn_why": None,
            }
        )
        if verdict.number is not None:
            self.notices.append(self._notice(seen, verdict))

    def _notice(self, seen: Seen, verdict: Verdict) -> Row:
        entity = f"{self.zone.code}/{self.plate.clear}/{verdict.evening}"
        is_given = verdict.evening is not None and verdict.evening < TO_GIVE
        return {
            **self.zone.where,
            "violation": len(self.violations) - 1,
            "number": verdict.number,
            "is_last": verdict.action is not Action.NOTICE,
            "at": seen.at,
            "account_id": seen.by,
            "given_how": pick(entity, "given", GIVEN) if is_given else None,
            "given_at": seen.at + timedelta(minutes=between(entity, "given after", 2, 40)) if is_given else None,
        }

    def _withdraw(self, step: Step) -> None:
        for row in self.violations:
            if row["evening"] == step.evening:
                row |= {"withdrawn_at": step.at, "withdrawn_by": step.account_id, "withdrawn_why": step.reason}

    def _ban(self, step: Step) -> None:
        """The ban that begins, or what is said of the one that runs."""
        ban = self.standing.ban
        if step.action is Action.CONFIRM:
            assert ban is not None
            told = {name: getattr(ban, name) for name in ("starts_at", "until", "reason", "proposed_by")}
            told |= {"saw": sorted(ban.saw), "confirmed_by": ban.confirmed_by, "confirmed_at": step.at}
            self.bans.append(
                {**self.zone.home, **told, "appealed_at": None, "revoked_at": None, "revoked_by": None,
                 "revoked_why": None, "revision": 1, "changed_at": step.at, "changed_by": step.account_id}
            )  # fmt: skip
        elif step.action in APPEALS:
            is_revoked = step.action is Action.REVOKE
            self.bans[-1] |= {
                "appealed_at": step.at if step.action is Action.APPEAL else None,
                "revoked_at": step.at if is_revoked else None,
                "revoked_by": step.account_id if is_revoked else None,
                "revoked_why": step.reason if is_revoked else None,
                "revision": self.bans[-1]["revision"] + 1,
                "changed_at": step.at,
                "changed_by": step.account_id,
            }

    def _turn(self, step: Step, before: Standing) -> None:
        is_of_ban = before.ban is not None or self.standing.ban is not None
        self.turns.append(
            {
                **self.zone.home,
                "action": str(step.action),
                "from_state": str(before.state),
                "to_state": str(self.standing.state),
                "at": step.at,
                "account_id": step.account_id,
                "evening": step.evening,
                "ban": len(self.bans) - 1 if is_of_ban else None,
                "reason": step.reason or None,
            }
        )


def numbered(rows: Sequence[Row], first: int) -> list[Row]:
    """The rows with ids from that serial on, in their order."""
    return [{"id": (row["street_id"] << 32) + serial, **row} for serial, row in enumerate(rows, first)]
