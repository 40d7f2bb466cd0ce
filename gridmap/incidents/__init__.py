"""Incidents: from a report to a closed case, on working time. No page, no map."""

from gridmap.incidents.acting import Act, act, possible_actions
from gridmap.incidents.duplicates import REPEATS, Sought, find_duplicates, times_before
from gridmap.incidents.errors import CaseChanged, IncidentProblem
from gridmap.incidents.machine import OPEN, RULES, RUNNING, Action, Capacity, Level, State
from gridmap.incidents.moving import own_incidents
from gridmap.incidents.reporting import Report, Reported, report_incident
from gridmap.incidents.routing import Spot, Unit, offer_units, spot_at, spot_of_place

__all__ = [
    "OPEN",
    "REPEATS",
    "RULES",
    "RUNNING",
    "Act",
    "Action",
    "Capacity",
    "CaseChanged",
    "IncidentProblem",
    "Level",
    "Report",
    "Reported",
    "Sought",
    "Spot",
    "State",
    "Unit",
    "act",
    "find_duplicates",
    "offer_units",
    "own_incidents",
    "possible_actions",
    "report_incident",
    "spot_at",
    "spot_of_place",
    "times_before",
]
