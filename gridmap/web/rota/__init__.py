"""Pages of duty rotas."""

from gridmap.web.rota import board, calendars, listing, members, own, planning, settings, slips, swapping

SUBJECTS = (board, calendars, listing, members, own, planning, settings, slips, swapping)
"""Importing a subject puts its pages on the blueprint."""

__all__ = ["SUBJECTS"]
