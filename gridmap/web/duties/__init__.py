"""The office's side of what is due: its own slots, sheets on behalf of others, excuses, joint inspections, rules."""

from gridmap.web.duties import excuses, joint, own, paper, rules, sheets

SUBJECTS = (excuses, joint, own, paper, rules, sheets)
"""Importing a subject puts its pages on the blueprint."""
