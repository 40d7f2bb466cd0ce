"""Every table and column of gridmap, named once.

Street-owned tables start with `street_id` in every primary, unique, exclusion and foreign key; reference tables
(territory above the community, code tables, identity and operations) do without. There are no triggers, no
ON DELETE SET NULL, and no foreign key from a reference table to a street-owned one.
"""

from gridmap.tables.accounts import account, account_grant, api_token, session, sign_in_failure, sign_in_slip
from gridmap.tables.base import (
    PERSONAL,
    SCHEMA,
    SENSITIVE,
    SERIAL_BITS,
    DataClass,
    data_class,
    metadata,
)
from gridmap.tables.diary import diary, diary_contact, ebike_count, hotline_mapping, hotline_order, reception
from gridmap.tables.duties import coverage, duty, household_tier, inspection, joint_inspection, report_link, slot
from gridmap.tables.giving import assignment_change, assignment_move, hand_over
from gridmap.tables.incident_kinds import (
    answer_template,
    incident_class,
    incident_kind,
    incident_limit,
    incident_stage,
    incident_taker,
)
from gridmap.tables.incidents import (
    incident,
    incident_contact,
    incident_number,
    incident_photo,
    notice,
    party,
    transition,
)
from gridmap.tables.operations import audit, change, file, import_run, job, serial, submission
from gridmap.tables.people import absence, assignment, duty_role, organisation, organisation_place, person
from gridmap.tables.places import (
    basemap,
    boundary,
    building,
    estate,
    facility,
    facility_kind,
    grid,
    membership,
    place,
    stairwell,
    zone,
)
from gridmap.tables.territory import calendar_day, calendar_year, city, community, district, street

__all__ = [
    "PERSONAL",
    "SCHEMA",
    "SENSITIVE",
    "SERIAL_BITS",
    "DataClass",
    "absence",
    "account",
    "account_grant",
    "answer_template",
    "api_token",
    "assignment",
    "assignment_change",
    "assignment_move",
    "audit",
    "basemap",
    "boundary",
    "building",
    "calendar_day",
    "calendar_year",
    "change",
    "city",
    "community",
    "coverage",
    "data_class",
    "diary",
    "diary_contact",
    "district",
    "duty",
    "duty_role",
    "ebike_count",
    "estate",
    "facility",
    "facility_kind",
    "file",
    "grid",
    "hand_over",
    "hotline_mapping",
    "hotline_order",
    "household_tier",
    "import_run",
    "incident",
    "incident_class",
    "incident_contact",
    "incident_kind",
    "incident_limit",
    "incident_number",
    "incident_photo",
    "incident_stage",
    "incident_taker",
    "inspection",
    "job",
    "joint_inspection",
    "membership",
    "metadata",
    "notice",
    "organisation",
    "organisation_place",
    "party",
    "person",
    "place",
    "reception",
    "report_link",
    "serial",
    "session",
    "sign_in_failure",
    "sign_in_slip",
    "slot",
    "stairwell",
    "street",
    "submission",
    "transition",
    "zone",
]
