"""What is due and what was done: rules, slots, answers, excuses, the closing of a period. No page, no map."""

from gridmap.duties.answers import Answer, Correction, answer_slot, correct_answer
from gridmap.duties.cadence import CADENCE, MONTHLY_CHECKS, add_defaults
from gridmap.duties.closing import close_slots
from gridmap.duties.doubts import EXPLANATIONS, explain_doubts
from gridmap.duties.errors import DutyProblem, SlotChanged
from gridmap.duties.excuses import Excuse, excuse_slots, take_back_excuses
from gridmap.duties.opening import Opened, open_slots
from gridmap.duties.photos import add_photo
from gridmap.duties.preview import Preview, preview_rule
from gridmap.duties.rules import Rule, add_rule, change_rule, end_rule, read_rule, rule_of
from gridmap.duties.tiers import TIERS, set_tiers
from gridmap.places.calendar import read_calendar

__all__ = [
    "CADENCE",
    "EXPLANATIONS",
    "MONTHLY_CHECKS",
    "TIERS",
    "Answer",
    "Correction",
    "DutyProblem",
    "Excuse",
    "Opened",
    "Preview",
    "Rule",
    "SlotChanged",
    "add_defaults",
    "add_photo",
    "add_rule",
    "answer_slot",
    "change_rule",
    "close_slots",
    "correct_answer",
    "end_rule",
    "excuse_slots",
    "explain_doubts",
    "open_slots",
    "preview_rule",
    "read_calendar",
    "read_rule",
    "rule_of",
    "set_tiers",
    "take_back_excuses",
]
