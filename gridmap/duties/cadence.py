"""The cadence calendar that comes with gridmap: what neighbourhoods do daily, monthly and yearly, ready to be used.

A new street asks the three monthly checks; the rest is offered on the page of rules, each to be taken or left.
"""

from collections.abc import Sequence
from datetime import date

from gridmap.accounts import Actor
from gridmap.db.pools import Connection
from gridmap.duties.rules import Rule, add_rule
from gridmap.i18n import _

MONTHLY_CHECKS = (
    Rule(kind="fire_equipment", title_en=_("Fire equipment"), role="building_manager", remind_day=25, sort=1),
    Rule(kind="roof_safety", title_en=_("Roof safety"), role="building_manager", remind_day=25, sort=2),
    Rule(kind="corridor_clutter", title_en=_("Corridor clutter"), role="building_manager", remind_day=25, sort=3),
)
"""The default of a street: three checks a month in each stairwell."""


def _of_estate(kind: str, title_en: str, action: str, **words: int | str | None) -> Rule:
    whole = {"role": "community_staff", "level": "estate", "remind_day": 20} | words
    return Rule(kind=kind, title_en=title_en, action=action, **whole)  # type: ignore[arg-type]  # words of Rule


CADENCE: tuple[Rule, ...] = (
    Rule(kind="vehicle_count", title_en=_("Vehicle count, morning and evening"), role="duty_resident",
         action="vehicle_count", level="zone", every="day", times=2, sort=10),
    Rule(kind="outside_vehicles", title_en=_("Outside vehicles have left, 18:00"), role="duty_resident",
         action="vehicle_count", level="zone", every="day", sort=11),
    _of_estate("daily_accounts", _("Public revenue settled"), "disclosure", every="day", remind_day=None, sort=12),
    Rule(kind="parking_rota", title_en=_("Residents on duty for parking"), role="duty_resident",
         action="activity", level="zone", every="working_day", sort=20),
    *MONTHLY_CHECKS,
    Rule(kind="household_visit", title_en=_("Household visit"), role="grid_worker", action="household_visit",
         level="household", remind_day=20, sort=30),
    Rule(kind="reception_day", title_en=_("Reception day"), role="community_secretary", action="meeting",
         level="community", fixed_day=15, holiday_rule="stay", remind_day=12, sort=31),
    Rule(kind="red_property_meeting", title_en=_("Red property meeting"), role="community_secretary",
         action="meeting", level="community", fixed_day=15, holiday_rule="stay", remind_day=12, sort=32),
    _of_estate("joint_inspection", _("Joint inspection"), "inspection", sort=33),
    _of_estate("joint_meeting", _("Joint meeting"), "meeting", sort=34),
    _of_estate("four_party_meeting", _("Four-party meeting"), "meeting", sort=35),
    _of_estate("council_meeting", _("1+1+X council"), "meeting", sort=36),
    _of_estate("three_party_meeting", _("Three-party meeting"), "meeting", sort=37),
    _of_estate("three_bodies_meeting", _("Committee, owners and property company meet"), "meeting", sort=38),
    _of_estate("monthly_report", _("Monthly report to the owners"), "disclosure", role="property_head", sort=39),
    _of_estate("activity", _("Activity for the residents"), "activity", sort=40),
    Rule(kind="community_activities", title_en=_("Sixty activities a year"), role="community_staff",
         action="activity", level="community", every="month", times=5, remind_day=20, sort=41),
    _of_estate("season_activity", _("Activity of the season"), "activity", every="quarter", remind_day=60, sort=50),
    Rule(kind="commendation", title_en=_("Yearly commendation"), role="community_secretary", action="activity",
         level="community", every="year", remind_day=300, sort=60),
    Rule(kind="lift_inspection", title_en=_("Lift inspection"), role="property_head", level="facility",
         every="year", remind_day=300, only_for={"facility_kinds": ["lift"]}, sort=61),
)  # fmt: skip
"""Every rhythm of the sources. What comes once a term or after an event is no duty of a period, and not here."""
BY_KIND = {rule.kind: rule for rule in CADENCE}


def add_defaults(
    connection: Connection, by: Actor, street_id: int, start: date, rules: Sequence[Rule] = MONTHLY_CHECKS
) -> int:
    """Add those of the rules whose kind the street has never had; how many."""
    known = connection.execute("SELECT kind FROM gridmap.duty WHERE street_id = %s", (street_id,)).fetchall()
    missing = [rule for rule in rules if rule.kind not in {row["kind"] for row in known}]
    for rule in missing:
        add_rule(connection, by, street_id, rule, start)
    return len(missing)
