"""A car as it stands at a moment: its rows, and what has happened by itself that nobody has written down yet."""

from dataclasses import dataclass
from datetime import date, datetime

from gridmap.db.pools import Connection
from gridmap.parking.rows import read_rules, standing_of
from gridmap.parking.rules import Rules
from gridmap.parking.standing import Standing, Step, advance, settled
from gridmap.read.parking.vehicle import CarRows, read_car_rows
from gridmap.scope import Viewer


@dataclass(frozen=True, kw_only=True)
class Happened:
    """One thing that happened to the car; `account_id` is None for what happened by itself."""

    action: str
    from_state: str
    to_state: str
    at: datetime
    account_id: int | None = None
    evening: date | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Car:
    """The car: its rows, where it stands at the moment that was asked for, and the rules that hold for it."""

    rows: CarRows
    standing: Standing
    rules: Rules
    turns: tuple[Happened, ...]
    """The latest first, with what has happened by itself and is not written yet."""


def read_car(connection: Connection, viewer: Viewer, vehicle_id: int, moment: datetime) -> Car | None:
    """The car as it stands at that moment; None where the viewer sees none. Nothing is written."""
    found = read_car_rows(connection, viewer, vehicle_id)
    if found is None:
        return None
    row = found.row
    running = next((one for one in found.bans if one["starts_at"] == row["banned_from"] and not one["revoked_at"]), {})
    rules = read_rules(connection, row["place_id"])
    written = standing_of(row, running)
    standing, steps = settled(written, moment, rules)
    turns = [Happened(**one) for one in found.turns]
    return Car(rows=found, standing=standing, rules=rules, turns=(*_by_itself(written, steps, rules), *turns))


def _by_itself(written: Standing, steps: tuple[Step, ...], rules: Rules) -> list[Happened]:
    """What the clock did since the row was written, the latest first."""
    found, before = [], written
    for step in steps:
        after = advance(before, step, rules)
        found.append(
            Happened(action=str(step.action), from_state=str(before.state), to_state=str(after.state), at=step.at)
        )
        before = after
    return found[::-1]
