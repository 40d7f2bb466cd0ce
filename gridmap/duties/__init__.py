"""What is due and what was done: rules, slots, answers, excuses, the closing of a period. No page, no map."""

from gridmap.duties.answers import Answer, Correction, answer_slot, correct_answer
from gridmap.duties.calendar import read_calendar
from gridmap.duties.closing import close_slots
from gridmap.duties.errors import DutyProblem, SlotChanged
from gridmap.duties.excuses import Excuse, excuse_slots, take_back_excuses
from gridmap.duties.opening import Opened, open_slots
from gridmap.duties.rules import MONTHLY_CHECKS, Rule, add_rule, change_rule, end_rule

__all__ = [
    "MONTHLY_CHECKS",
    "Answer",
    "Correction",
    "DutyProblem",
    "Excuse",
    "Opened",
    "Rule",
    "SlotChanged",
    "add_rule",
    "answer_slot",
    "change_rule",
    "close_slots",
    "correct_answer",
    "end_rule",
    "excuse_slots",
    "open_slots",
    "read_calendar",
    "take_back_excuses",
]
