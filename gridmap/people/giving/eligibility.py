"""Who may take what: the rules for a person in a role, and for a person at one place."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gridmap.people.giving.facts import PlaceFacts, RoleFacts

LONG = timedelta(days=30)
"""Whoever is away for longer is not given anything new."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Somebody who could take a place. `away_until` None with `is_away`: nobody knows."""

    id: int
    name: str
    community_id: int | None
    community: str | None
    organisation_id: int | None
    organisation: str | None
    organisation_kind: str | None
    has_left: bool
    is_away: bool
    away_until: datetime | None
    substitute: str | None
    holds: int
    """Places held first-hand in any role."""
    holds_in: frozenset[int]
    """Communities in which something is held."""


def why_not(role: RoleFacts, one: Candidate, at: datetime) -> str:
    """Why the person can take nothing in that role, in a word that the page knows; empty where they can."""
    if one.has_left:
        return "left"
    if one.is_away and (one.away_until is None or one.away_until - at > LONG):
        return "away"
    if role.of_organisations and one.organisation_kind not in role.of_organisations:
        return "organisation"
    return ""


def why_not_there(one: Candidate, place: PlaceFacts) -> str:
    """Why the person, who could take the role, cannot take it at this place; empty where they can.

    People serve the community that they belong to, or in which they hold something already; those of a property
    company only the estates that it manages.
    """
    if one.organisation_kind == "property_company" and place.property_id != one.organisation_id:
        return "company"
    is_here = place.community_id is None or one.community_id is None or one.community_id == place.community_id
    return "" if is_here or place.community_id in one.holds_in else "elsewhere"
