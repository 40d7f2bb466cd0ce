"""Parking: what an estate has decided, gates, counts, long stays by evening, cars that are known.

Cars from outside: see vehicles.
"""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    Table,
    Text,
    Time,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, ExcludeConstraint

from gridmap.tables.base import (
    id_tells_street,
    metadata,
    one_of,
    own_id,
    primary_key,
    refers,
    scope_columns,
    street_key,
)

BARRIERS = ("none", "manual", "automatic", "camera")
GATE_KINDS = ("gate", "barrier")
"""Kinds of facilities that cars pass."""
BAN_ON = ("third_notice", "next_violation")
PARTS = ("morning", "evening")
KNOWN_AS = ("resident", "visitor", "ambulance", "disabled")
HASH_WHOLE = "octet_length(plate_hash) = 32"
MASKED = "strpos(plate_masked, '***') > 0"


def changed() -> "list[Column[object]]":
    """Who changed a row last; a command takes the revision that it saw."""
    return [
        Column("revision", Integer, nullable=False, server_default=text("1")),
        Column("changed_at", DateTime(timezone=True), nullable=False),
        Column("changed_by", BigInteger),
    ]


def grids() -> "Column[object]":
    """The grids that parts of the row's estate lie in, beside its own scope: who looks after a part sees it, too."""
    return Column(
        "grids",
        ARRAY(BigInteger),
        nullable=False,
        server_default=text("'{}'"),
        comment="grids and micro grids in which parts of its place lie; from grids_of(), kept by own_said()",
    )


def _setting(name: str, default: int) -> "Column[int]":
    return Column(name, SmallInteger, nullable=False, server_default=text(str(default)))


gate = Table(
    "gate",
    metadata,
    street_key(),
    Column("place_id", BigInteger, nullable=False, autoincrement=False, comment="a facility"),
    Column("width_m", Numeric(4, 1)),
    Column("barrier", Text, nullable=False, server_default=text("'none'")),
    Column(
        "list_columns",
        JSONB,
        nullable=False,
        server_default=text("'[]'"),
        comment="headings and what stands under each, in the order that its barrier reads",
    ),
    primary_key("place_id"),
    refers("place_id", "place", cascade=True),
    one_of("barrier", BARRIERS),
    CheckConstraint("width_m > 0", name="width_some"),
    CheckConstraint("jsonb_typeof(list_columns) = 'array'", name="list_columns_in_order"),
    comment="What is particular of a facility that cars pass.",
)

parking_rule = Table(
    "parking_rule",
    metadata,
    street_key(),
    Column("place_id", BigInteger, nullable=False, autoincrement=False),
    Column("leave_by", Time, nullable=False, server_default=text("'18:00'")),
    _setting("tolerance_minutes", 0),
    Column("free_from", Time, nullable=False, server_default=text("'06:00'"), comment="when the evening is over"),
    Column(
        "evenings",
        ARRAY(SmallInteger),
        nullable=False,
        server_default=text("'{0,1,2,3,4,5,6}'"),
        comment="weekdays on whose evenings cars have to leave; Monday is 0",
    ),
    _setting("notices", 3),
    Column("ban_on", Text, nullable=False, server_default=text("'next_violation'")),
    _setting("ban_months", 3),
    _setting("clean_months", 3),
    _setting("stay_counts", 3),
    *changed(),
    primary_key("place_id"),
    refers("place_id", "place", cascade=True),
    one_of("ban_on", BAN_ON),
    CheckConstraint(
        "tolerance_minutes >= 0 AND free_from < leave_by"
        " AND extract(hour FROM leave_by) * 60 + extract(minute FROM leave_by) + tolerance_minutes <= 1439",
        name="hours_fit",
    ),
    CheckConstraint("evenings <@ '{0,1,2,3,4,5,6}'::smallint[]", name="evenings_known"),
    CheckConstraint(
        "notices BETWEEN 1 AND 9 AND ban_months BETWEEN 1 AND 24 AND clean_months BETWEEN 1 AND 24"
        " AND stay_counts BETWEEN 2 AND 20",
        name="numbers_fit",
    ),
    comment="What an estate has decided; of a zone that differs from its estate, only the hours count.",
)

vehicle_count = Table(
    "vehicle_count",
    metadata,
    street_key(),
    Column("place_id", BigInteger, nullable=False, autoincrement=False, comment="the zone"),
    Column("counted_on", Date, nullable=False),
    Column("part", Text, nullable=False),
    Column("total", Integer, nullable=False),
    Column("outside", Integer, nullable=False, comment="of these, cars from outside"),
    Column("counted_at", DateTime(timezone=True), nullable=False),
    Column("account_id", BigInteger),
    Column("sent_id", Uuid),
    *scope_columns(),
    *changed(),
    primary_key("place_id", "counted_on", "part"),
    refers("place_id", "place"),
    one_of("part", PARTS),
    CheckConstraint("outside BETWEEN 0 AND total AND total <= 20000", name="counts_fit"),
    Index("vehicle_count_day_ix", "street_id", text("counted_on DESC")),
    Index("vehicle_count_estate_ix", "street_id", "estate_id", text("counted_on DESC")),
    Index("vehicle_count_community_ix", "street_id", "community_id", text("counted_on DESC")),
    Index("vehicle_count_grid_ix", "street_id", "grid_id", text("counted_on DESC")),
    comment="Cars in a zone, morning and evening. A count that was missed has no row: it is a gap.",
)

known_vehicle = Table(
    "known_vehicle",
    metadata,
    street_key(),
    own_id(),
    Column("place_id", BigInteger, nullable=False, comment="the estate, or a zone that lies in none"),
    Column("kind", Text, nullable=False),
    Column("plate_hash", LargeBinary, nullable=False),
    Column("plate_masked", Text, nullable=False),
    Column("valid", TSTZRANGE, nullable=False, server_default=text("'(,)'")),
    Column("note", Text, comment="why, without a name"),
    Column("account_id", BigInteger),
    *scope_columns(),
    grids(),
    *changed(),
    primary_key("id"),
    refers("place_id", "place"),
    id_tells_street(),
    one_of("kind", KNOWN_AS),
    CheckConstraint(HASH_WHOLE, name="hash_whole"),
    CheckConstraint(MASKED, name="plate_is_masked"),
    CheckConstraint("NOT isempty(valid)", name="valid_not_empty"),
    CheckConstraint("kind <> 'visitor' OR NOT upper_inf(valid)", name="visit_has_end"),
    ExcludeConstraint(
        ("street_id", "="),
        ("place_id", "="),
        ("plate_hash", "="),
        ("kind", "="),
        ("valid", "&&"),
        name="known_vehicle_once",
    ),
    Index("known_vehicle_plate_ix", "street_id", "place_id", "plate_hash"),
    comment="Cars that are left alone: residents', visitors', ambulances, those of disabled persons. Never a plate, "
    "never whose it is.",
)
