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
from gridmap.tables.duties import coverage, duty, household_tier, inspection, joint_inspection, report_link, slot
from gridmap.tables.giving import assignment_change, assignment_move, hand_over
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
    "district",
    "duty",
    "duty_role",
    "estate",
    "facility",
    "facility_kind",
    "file",
    "grid",
    "hand_over",
    "household_tier",
    "import_run",
    "inspection",
    "job",
    "joint_inspection",
    "membership",
    "metadata",
    "organisation",
    "organisation_place",
    "person",
    "place",
    "report_link",
    "serial",
    "session",
    "sign_in_failure",
    "sign_in_slip",
    "slot",
    "stairwell",
    "street",
    "submission",
    "zone",
]
