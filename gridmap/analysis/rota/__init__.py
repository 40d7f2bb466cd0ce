"""The duty rota: who has which evening, fairly; and who could swap with whom. Pure, with numpy alone."""

from gridmap.analysis.rota.fair import TooMuch
from gridmap.analysis.rota.planning import GAP_DAYS, TwiceTheSame, plan_rota
from gridmap.analysis.rota.swapping import Offer, Refused, Rota, Swap, Why, offers, refusal, rota_of, swapped
from gridmap.analysis.rota.turns import (
    Hindrance,
    Manned,
    Person,
    Plan,
    Reason,
    Turn,
    credit_for,
    office_day,
    turns_within,
)

__all__ = [
    "GAP_DAYS",
    "Hindrance",
    "Manned",
    "Offer",
    "Person",
    "Plan",
    "Reason",
    "Refused",
    "Rota",
    "Swap",
    "TooMuch",
    "Turn",
    "TwiceTheSame",
    "Why",
    "credit_for",
    "offers",
    "office_day",
    "plan_rota",
    "refusal",
    "rota_of",
    "swapped",
    "turns_within",
]
