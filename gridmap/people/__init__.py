"""People on duty: register, assignments, absences. Each command runs in the caller's transaction and is audited."""

from gridmap.people.absences import absences, end_absence, set_absence
from gridmap.people.assignments import Duty, assign, end_assignment, lock_places
from gridmap.people.attempt import attempt
from gridmap.people.enrolment import Enrolled, Enrolment, enrol
from gridmap.people.errors import (
    ChangeConflict,
    ChangedMeanwhile,
    ChangeRefused,
    Conflict,
    PeopleProblem,
    PlaceHeld,
    Refusal,
)
from gridmap.people.persons import ClearPerson, NewPerson, add_person, change_person, person_row, unmask

__all__ = [
    "ChangeConflict",
    "ChangeRefused",
    "ChangedMeanwhile",
    "ClearPerson",
    "Conflict",
    "Duty",
    "Enrolled",
    "Enrolment",
    "NewPerson",
    "PeopleProblem",
    "PlaceHeld",
    "Refusal",
    "absences",
    "add_person",
    "assign",
    "attempt",
    "change_person",
    "end_absence",
    "end_assignment",
    "enrol",
    "lock_places",
    "person_row",
    "set_absence",
    "unmask",
]
