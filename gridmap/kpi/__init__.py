"""The catalogue of numbers: what each means in words, how it is counted, and which rows stand behind it."""

from gridmap.kpi.cases import BASES, CASE_BY_NAME, CASE_KPIS, CaseKpi
from gridmap.kpi.due import BY_NAME, KPIS, REGISTER_BY_NAME, REGISTERS, Kpi, RegisterKpi

__all__ = [
    "BASES",
    "BY_NAME",
    "CASE_BY_NAME",
    "CASE_KPIS",
    "KPIS",
    "REGISTERS",
    "REGISTER_BY_NAME",
    "CaseKpi",
    "Kpi",
    "RegisterKpi",
]
