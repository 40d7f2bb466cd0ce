"""Duty rotas as they are read: which there are, who takes part, who has which evening, what is open."""

from gridmap.read.rota.evenings import Evening, Taken, read_evenings, read_had
from gridmap.read.rota.listing import read_group_people, read_rota, read_rotas
from gridmap.read.rota.members import Member, people_of, read_members
from gridmap.read.rota.news import OpenTurn, RotaNews, read_news, read_open, read_unmanned
from gridmap.read.rota.own import OwnEvening, read_asks, read_own
from gridmap.read.rota.state import State, read_state

__all__ = [
    "Evening",
    "Member",
    "OpenTurn",
    "OwnEvening",
    "RotaNews",
    "State",
    "Taken",
    "people_of",
    "read_asks",
    "read_evenings",
    "read_group_people",
    "read_had",
    "read_members",
    "read_news",
    "read_open",
    "read_own",
    "read_rota",
    "read_rotas",
    "read_state",
    "read_unmanned",
]
