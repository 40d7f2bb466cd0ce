"""What is due: rules, their slots, the inspections and visits that answer them, and the counts kept beside."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, JSONB

from gridmap.tables.base import (
    PERSONAL,
    id_tells_street,
    metadata,
    one_of,
    own_id,
    primary_key,
    refers,
    register_columns,
    scope_columns,
    street_key,
)

DUTY_ACTIONS = ("inspection", "household_visit", "vehicle_count", "meeting", "disclosure", "activity")
DUTY_LEVELS = ("community", "grid", "estate", "building", "stairwell", "household", "zone", "facility")
DUTY_RHYTHMS = ("day", "working_day", "week", "month", "quarter", "year")
HOLIDAY_RULES = ("stay", "next", "previous")
SLOT_STATES = ("due", "satisfied", "excused", "missed")
GAP_REASONS = ("no_manager", "no_geometry", "on_leave", "no_access", "not_yet", "missed")
"""Why a slot is not satisfied; the first that holds is told."""
EXCUSES = ("no_access", "vacant", "construction", "danger", "refused", "place_gone", "rule_changed", "other")
WAYS = ("paper", "phone")
"""How an answer reached the office that did not come from its author's own device."""
JOINT_STATES = ("planned", "held", "cancelled")
DONE_RESULTS = ("fine", "finding", "done", "reached")
TRIED_RESULTS = ("no_access", "nobody", "refused")
HOUSEHOLD_TIERS = ("key", "attention")

duty = Table(
    "duty",
    metadata,
    street_key(),
    own_id(),
    Column("kind", Text, nullable=False, comment="what is done: fire_equipment, household_visit …; one word"),
    Column("title", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("level", Text, nullable=False, comment="stairwell: also a building without stairwells"),
    Column(
        "only_for",
        JSONB,
        nullable=False,
        server_default=text("'{}'"),
        comment="communities, grids, estates, management, building_kinds, facility_kinds",
    ),
    Column("every", Text, nullable=False),
    Column("times", SmallInteger, nullable=False, server_default=text("1")),
    Column("fixed_day", SmallInteger, comment="day of the period, counted from 1"),
    Column("holiday_rule", Text, nullable=False, server_default=text("'stay'")),
    Column("remind_day", SmallInteger, comment="day of the period from which it is said to be due soon"),
    Column("role", ForeignKey("gridmap.duty_role.code"), nullable=False),
    Column("excused_by", Text, nullable=False, server_default=text("'community'")),
    Column("sort", SmallInteger, nullable=False, server_default=text("0")),
    Column("valid", DATERANGE, nullable=False),
    Column("replaces_id", BigInteger, comment="the rule as it was before, until this one began"),
    *register_columns(),
    primary_key("id"),
    refers("replaces_id", "duty"),
    id_tells_street(),
    one_of("action", DUTY_ACTIONS),
    one_of("level", DUTY_LEVELS),
    one_of("every", DUTY_RHYTHMS),
    one_of("holiday_rule", HOLIDAY_RULES),
    one_of("excused_by", ("community", "street")),
    CheckConstraint("times BETWEEN 1 AND 12", name="times_few"),
    CheckConstraint("NOT isempty(valid)", name="valid_not_empty"),
    comment="Rules are data: what, for which places, how often, by which role.",
)

slot = Table(
    "slot",
    metadata,
    # its duty tells that the street exists: of 300,000 slots in one statement each further key costs seconds
    Column("street_id", Integer, nullable=False),
    own_id(),
    Column("duty_id", BigInteger, nullable=False),
    Column("place_id", BigInteger, comment="empty where the community itself owes it"),
    Column("unit", Text, nullable=False, server_default=text("''"), comment="number of the household"),
    Column("turn", SmallInteger, nullable=False, server_default=text("1")),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'due'")),
    Column("reason", Text, comment="of a missed slot, as it was when the period closed"),
    Column("excuse", Text),
    Column("excuse_note", Text),
    Column("excused_by", BigInteger),
    Column("excused_at", DateTime(timezone=True)),
    Column("done_at", DateTime(timezone=True), comment="first good answer, in time or late"),
    Column("is_late", Boolean, nullable=False, server_default=text("false")),
    Column("tried_at", DateTime(timezone=True)),
    Column("findings", Integer, nullable=False, server_default=text("0")),
    *scope_columns(),
    Column("revision", Integer, nullable=False, server_default=text("1")),
    primary_key("id"),
    refers("duty_id", "duty"),
    refers("place_id", "place"),
    id_tells_street(),
    one_of("state", SLOT_STATES),
    CheckConstraint(f"reason IN {GAP_REASONS}", name="reason_known"),
    CheckConstraint(f"excuse IN {EXCUSES}", name="excuse_known"),
    CheckConstraint("state <> 'satisfied' OR (done_at IS NOT NULL AND NOT is_late)", name="satisfied_in_time"),
    CheckConstraint("starts_on < ends_on", name="period_not_empty"),
    UniqueConstraint(
        "street_id",
        "place_id",
        "starts_on",
        "duty_id",
        "unit",
        "turn",
        "community_id",
        name="slot_once",
        postgresql_nulls_not_distinct=True,
    ),
    Index("slot_grid_ix", "street_id", "grid_id", "starts_on"),
    Index("slot_month_ix", "street_id", "starts_on", "duty_id"),
    comment="One due instance of a duty; settle_slots() alone makes its state from answers, excuse and calendar.",
)

inspection = Table(
    "inspection",
    metadata,
    street_key(),
    own_id(),
    Column("slot_id", BigInteger),
    Column("duty_id", BigInteger),
    Column("place_id", BigInteger),
    Column("unit", Text, nullable=False, server_default=text("''")),
    Column("kind", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("severity", SmallInteger),
    Column("note", Text),
    Column("mode", Text, comment="of a visit: door or phone"),
    Column("via", Text, comment="entered by the office from a sheet or a telephone call; empty: by its author"),
    Column("photo", LargeBinary, comment="SHA-256 of a file"),
    Column(
        "bodies", ARRAY(BigInteger), nullable=False, server_default=text("'{}'"), comment="organisations of a joint one"
    ),
    Column("done_at", DateTime(timezone=True), nullable=False, comment="when it counts"),
    Column("device_at", DateTime(timezone=True), comment="as the phone said"),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("sent_id", Uuid),
    Column("account_id", BigInteger, comment="who entered it"),
    Column("author_id", BigInteger, comment="the person who did it; not the person of the account: on behalf of"),
    Column("doubt", Text, comment="asked of the author, never refused"),
    Column("doubt_answer", Text),
    Column("corrects_id", BigInteger),
    Column("joint_id", BigInteger, comment="the joint inspection on which it was found"),
    Column("superseded_at", DateTime(timezone=True)),
    *scope_columns(),
    primary_key("id"),
    refers("slot_id", "slot"),
    refers("duty_id", "duty"),
    refers("place_id", "place"),
    refers("author_id", "person"),
    refers("corrects_id", "inspection"),
    refers("joint_id", "joint_inspection"),
    id_tells_street(),
    one_of("result", (*DONE_RESULTS, *TRIED_RESULTS)),
    one_of("mode", ("door", "phone", "paper")),
    one_of("via", WAYS),
    CheckConstraint("severity BETWEEN 1 AND 3", name="severity_known"),
    Index("inspection_slot_ix", "street_id", "slot_id"),
    Index("inspection_place_ix", "street_id", "place_id", "kind", text("done_at DESC")),
    Index("inspection_grid_ix", "street_id", "grid_id", text("done_at DESC")),
    Index("inspection_sent_ix", "street_id", "sent_id"),
    Index("inspection_account_ix", "street_id", "account_id", text("received_at DESC")),
    Index("inspection_photo_ix", "street_id", "photo", postgresql_where=text("photo IS NOT NULL")),
    Index("inspection_joint_ix", "street_id", "joint_id", postgresql_where=text("joint_id IS NOT NULL")),
    comment="What somebody found at a place. A correction supersedes; nothing is overwritten.",
)

household_tier = Table(
    "household_tier",
    metadata,
    street_key(),
    own_id(),
    Column("place_id", BigInteger, nullable=False),
    Column("unit", Text, nullable=False, info=PERSONAL, comment="number of the household"),
    Column("tier", Text, nullable=False, info=PERSONAL),
    *scope_columns(),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("changed_by", BigInteger),
    primary_key("id"),
    id_tells_street(),
    UniqueConstraint("street_id", "place_id", "unit"),
    refers("place_id", "place", cascade=True),
    one_of("tier", HOUSEHOLD_TIERS),
    comment="Households to visit first, by number and without a name or a reason; all others have no row.",
)

joint_inspection = Table(
    "joint_inspection",
    metadata,
    street_key(),
    own_id(),
    Column("title", Text, nullable=False),
    Column("place_id", BigInteger, comment="the estate or grid that is walked; empty: the whole community"),
    Column("planned_on", Date, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'planned'")),
    Column(
        "bodies", ARRAY(BigInteger), nullable=False, server_default=text("'{}'"), comment="organisations that take part"
    ),
    Column("note", Text, comment="what was reported and agreed"),
    *scope_columns(),
    *register_columns(),
    primary_key("id"),
    refers("place_id", "place"),
    refers("community_id", "community"),
    id_tells_street(),
    one_of("state", JOINT_STATES),
    Index("joint_inspection_day_ix", "street_id", text("planned_on DESC")),
    comment="Several organisations walk through an estate together; what they find are inspections of its places.",
)

coverage = Table(
    "coverage",
    metadata,
    street_key(),
    Column("starts_on", Date, nullable=False),
    Column("duty_id", BigInteger, nullable=False),
    Column("community_id", BigInteger, nullable=False, server_default=text("0")),
    Column("grid_id", BigInteger, nullable=False, server_default=text("0")),
    Column("micro_grid_id", BigInteger, nullable=False, server_default=text("0")),
    Column("estate_id", BigInteger, nullable=False, server_default=text("0")),
    *(
        Column(name, Integer, nullable=False, server_default=text("0"))
        for name in ("slots", "satisfied", "excused", "late", "findings")
    ),
    primary_key("starts_on", "duty_id", "community_id", "grid_id", "micro_grid_id", "estate_id"),
    refers("duty_id", "duty"),
    CheckConstraint("satisfied + excused <= slots", name="counts_fit"),
    Index("coverage_grid_ix", "street_id", "grid_id", "starts_on"),
    comment="Counts of slots, kept by the code that writes them in the same transaction; 0 stands for none.",
)
