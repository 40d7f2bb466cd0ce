"""What reaches the office beside reports: the diary, reception days, orders of the hotline, counts of e-bikes."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from gridmap.tables.base import (
    PERSONAL,
    id_tells_street,
    metadata,
    one_of,
    own_id,
    primary_key,
    refers,
    scope_columns,
    street_key,
)

CHANNELS = ("visit", "phone", "call_in", "patrol", "reception")
OUTCOMES = ("noted", "answered", "case")
RECEPTION_STATES = ("planned", "held", "cancelled")
ORDER_STATES = ("queued", "placed", "dropped")
ORDER_PROBLEMS = ("no_address", "unknown", "no_building", "several", "kind")


def _at(name: str, *, nullable: bool = True) -> "Column[object]":
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _changed() -> "list[Column[object]]":
    return [
        Column("revision", Integer, nullable=False, server_default=text("1")),
        Column("changed_at", DateTime(timezone=True), nullable=False),
        Column("changed_by", BigInteger),
    ]


def _contact() -> "list[Column[object]]":
    """A name and a telephone, locked, with what may be shown of them."""
    return [
        Column("name", Text, info=PERSONAL),
        Column(
            "name_masked",
            Text,
            Computed("left(name, 1) || repeat('*', greatest(char_length(name) - 1, 1))", persisted=True),
        ),
        Column("phone", Text, info=PERSONAL),
        Column(
            "phone_masked",
            Text,
            Computed(
                "CASE WHEN char_length(phone) >= 11 THEN left(phone, 3) || '****' || right(phone, 4) "
                "WHEN phone IS NOT NULL THEN '****' END",
                persisted=True,
            ),
        ),
    ]


reception = Table(
    "reception",
    metadata,
    street_key(),
    own_id(),
    Column("community_id", BigInteger, nullable=False),
    Column("held_on", Date, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'planned'")),
    Column("minutes", Text, comment="what was talked about and agreed, in words"),
    *_changed(),
    primary_key("id"),
    UniqueConstraint("street_id", "community_id", "held_on"),
    refers("community_id", "community"),
    id_tells_street(),
    one_of("state", RECEPTION_STATES),
    Index("reception_day_ix", "street_id", text("held_on DESC")),
    comment="A reception day of a community: whoever comes is an entry of the diary with a turn.",
)

diary = Table(
    "diary",
    metadata,
    street_key(),
    own_id(),
    Column("channel", Text, nullable=False),
    Column("text", Text, comment="one line; empty where it is about private matters: it lies with the contact"),
    Column("is_private", Boolean, nullable=False, server_default=text("false")),
    Column("place_id", BigInteger),
    _at("at", nullable=False),
    Column("account_id", BigInteger),
    Column("outcome", Text, comment="empty: somebody still has to see to it"),
    Column("answer", Text, comment="what was told, where it is no case"),
    _at("answered_at"),
    Column("promised_on", Date, comment="by when an answer was promised"),
    Column("incident_id", BigInteger),
    Column("reception_id", BigInteger),
    Column("turn", SmallInteger, comment="of a visitor of a reception day, from 1"),
    *scope_columns(),
    *_changed(),
    primary_key("id"),
    UniqueConstraint("street_id", "reception_id", "turn"),
    refers("place_id", "place"),
    refers("incident_id", "incident"),
    refers("reception_id", "reception"),
    id_tells_street(),
    one_of("channel", CHANNELS),
    one_of("outcome", OUTCOMES),
    CheckConstraint("is_private = (text IS NULL)", name="private_apart"),
    CheckConstraint("(coalesce(outcome, '') = 'case') = (incident_id IS NOT NULL)", name="case_is_known"),
    CheckConstraint("(coalesce(outcome, '') = 'answered') = (answered_at IS NOT NULL)", name="answer_has_time"),
    CheckConstraint("(reception_id IS NULL) = (turn IS NULL)", name="turn_of_reception"),
    CheckConstraint("(channel = 'reception') = (reception_id IS NOT NULL)", name="channel_of_reception"),
    Index("diary_at_ix", "street_id", text("at DESC"), text("id DESC")),
    Index("diary_estate_ix", "street_id", "estate_id", text("at DESC")),
    Index("diary_community_ix", "street_id", "community_id", text("at DESC")),
    Index("diary_grid_ix", "street_id", "grid_id", text("at DESC")),
    Index("diary_open_ix", "street_id", "at", postgresql_where=text("outcome IS NULL")),
    Index("diary_incident_ix", "street_id", "incident_id", postgresql_where=text("incident_id IS NOT NULL")),
    Index("diary_place_ix", "street_id", "place_id", postgresql_where=text("place_id IS NOT NULL")),
    comment="What people said at the door, on the telephone, at the counter, on a round; and what became of it.",
)

diary_contact = Table(
    "diary_contact",
    metadata,
    street_key(),
    Column("diary_id", BigInteger, nullable=False),
    *_contact(),
    Column("words", Text, info=PERSONAL, comment="what was said, of private matters"),
    Column("has_words", Boolean, Computed("words IS NOT NULL", persisted=True)),
    Column("account_id", BigInteger, comment="who wrote it down"),
    Column("place_id", BigInteger),
    *scope_columns(),
    primary_key("diary_id"),
    refers("diary_id", "diary", cascade=True),
    comment="Who said it, to call back. Clear values leave only through unmask_diary().",
)

hotline_mapping = Table(
    "hotline_mapping",
    metadata,
    street_key(),
    own_id(),
    Column("name", Text, nullable=False),
    Column("columns", JSONB, nullable=False, comment="our word → column of the hotline's file"),
    Column("headings", ARRAY(Text), nullable=False, comment="all columns of the file, in its order"),
    *_changed(),
    primary_key("id"),
    UniqueConstraint("street_id", "name"),
    id_tells_street(),
)

hotline_order = Table(
    "hotline_order",
    metadata,
    street_key(),
    own_id(),
    Column("number", Text, nullable=False, comment="the hotline's own"),
    _at("received_at"),
    _at("due_at"),
    Column("raw", JSONB, nullable=False, info=PERSONAL, comment="the row as it came"),
    Column("has_raw", Boolean, Computed("raw <> '{}'::jsonb", persisted=True)),
    Column("cells", JSONB, nullable=False, comment="the same with names and telephones masked"),
    Column("caller", Text, info=PERSONAL),
    Column("phone", Text, info=PERSONAL),
    Column("address", Text, nullable=False, server_default=text("''")),
    Column("text", Text, nullable=False, server_default=text("''"), comment="telephones and identity numbers masked"),
    Column("category", Text, nullable=False, server_default=text("''"), comment="what the hotline calls its kind"),
    Column("kind", ForeignKey("gridmap.incident_kind.code"), nullable=False, comment="ours"),
    Column("state", Text, nullable=False, server_default=text("'queued'")),
    Column("problem", Text, comment="why it could not be placed"),
    Column("near", ARRAY(BigInteger), nullable=False, server_default=text("'{}'"), comment="places that it may mean"),
    Column("reason", Text, comment="why it was dropped"),
    Column("place_id", BigInteger),
    Column("incident_id", BigInteger),
    Column("mapping_id", BigInteger),
    Column("import_run_id", ForeignKey("gridmap.import_run.id")),
    *scope_columns(),
    *_changed(),
    primary_key("id"),
    UniqueConstraint("street_id", "number"),
    refers("place_id", "place"),
    refers("incident_id", "incident"),
    refers("mapping_id", "hotline_mapping"),
    id_tells_street(),
    one_of("state", ORDER_STATES),
    one_of("problem", ORDER_PROBLEMS),
    CheckConstraint("(state = 'placed') = (incident_id IS NOT NULL)", name="placed_is_a_case"),
    CheckConstraint("(state = 'dropped') = (reason IS NOT NULL)", name="dropped_with_reason"),
    Index("hotline_order_state_ix", "street_id", "state", "due_at"),
    Index("hotline_order_community_ix", "street_id", "community_id", text("received_at DESC")),
    Index("hotline_order_incident_ix", "street_id", "incident_id", postgresql_where=text("incident_id IS NOT NULL")),
    Index("hotline_order_place_ix", "street_id", "place_id", postgresql_where=text("place_id IS NOT NULL")),
    comment="Orders of the 12345 hotline as they came in files; what could be placed is a case.",
)

ebike_count = Table(
    "ebike_count",
    metadata,
    street_key(),
    Column("place_id", BigInteger, nullable=False),
    Column("counted_on", Date, nullable=False),
    Column("bikes", SmallInteger, nullable=False),
    Column("chargers", SmallInteger, nullable=False, server_default=text("0")),
    Column("account_id", BigInteger),
    *scope_columns(),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    primary_key("place_id", "counted_on"),
    refers("place_id", "place"),
    CheckConstraint("bikes BETWEEN 0 AND 2000 AND chargers BETWEEN 0 AND 2000", name="counts_fit"),
    Index("ebike_count_estate_ix", "street_id", "estate_id", text("counted_on DESC")),
    comment="E-bikes and charging sockets counted at a stairwell on a day; never whose they are.",
)
