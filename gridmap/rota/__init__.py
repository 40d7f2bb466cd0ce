"""Duty rotas: made, shared out, swapped. Each command is one transaction, with its audit row and its announcement."""

from gridmap.rota.errors import RotaChanged, RotaProblem
from gridmap.rota.making import Shape, change_rota, open_rota
from gridmap.rota.membership import change_member, even_up, join, leave
from gridmap.rota.planning import Change, Proposal, plan_period, propose
from gridmap.rota.slips import Invitee, invite, read_invitees
from gridmap.rota.swapping import Wish, answer_swap, ask_swap, take_turn

__all__ = [
    "Change",
    "Invitee",
    "Proposal",
    "RotaChanged",
    "RotaProblem",
    "Shape",
    "Wish",
    "answer_swap",
    "ask_swap",
    "change_member",
    "change_rota",
    "even_up",
    "invite",
    "join",
    "leave",
    "open_rota",
    "plan_period",
    "propose",
    "read_invitees",
    "take_turn",
]
