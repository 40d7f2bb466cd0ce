"""Duty rotas: what is shared, who takes part, the turns, who has which, what was swapped, links to calendars."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    Time,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, TSTZRANGE, ExcludeConstraint

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

ROTA_KINDS = ("parking", "patrol", "disinfection", "gate")
TURN_STATES = ("set", "cancelled")
LACKS = ("too_few_members", "on_leave", "elsewhere", "never", "several")
"""Why a turn lacks people: as the plan told it, see `gridmap.analysis.rota.Reason`."""
ORIGINS = ("planned", "entered", "swapped")
SWAP_STATES = ("asked", "agreed", "declined", "withdrawn", "lapsed")


def _at(name: str, *, nullable: bool = True, comment: str | None = None) -> "Column[object]":
    return Column(name, DateTime(timezone=True), nullable=nullable, comment=comment)


def _changed() -> "list[Column[object]]":
    return [
        Column("revision", Integer, nullable=False, server_default=text("1")),
        Column("changed_at", DateTime(timezone=True), nullable=False),
        Column("changed_by", BigInteger),
    ]


def _reach() -> "list[Column[object]]":
    """Where it belongs and who takes part, for the two locks; `own_rotas()` alone writes it after the first time."""
    return [
        Column("place_id", BigInteger, nullable=False),
        Column("people", ARRAY(BigInteger), nullable=False, server_default=text("'{}'")),
        *scope_columns(),
    ]


rota = Table(
    "rota",
    metadata,
    street_key(),
    own_id(),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("organisation_id", ForeignKey("gridmap.organisation.id"), comment="the group whose people take turns"),
    Column("needed", SmallInteger, nullable=False, server_default=text("1"), comment="people for each turn"),
    Column("weekdays", ARRAY(SmallInteger), comment="Monday is 0; empty: the working days of the calendar"),
    Column("begins", Time, nullable=False),
    Column("ends", Time, nullable=False, comment="not after the beginning: on the next day"),
    Column("gap_days", SmallInteger, nullable=False, server_default=text("7"), comment="from one turn to the next"),
    Column("valid", DATERANGE, nullable=False),
    *_reach(),
    *_changed(),
    primary_key("id"),
    refers("place_id", "place"),
    id_tells_street(),
    one_of("kind", ROTA_KINDS),
    CheckConstraint("needed BETWEEN 1 AND 50", name="needed_some"),
    CheckConstraint("cardinality(weekdays) > 0 AND weekdays <@ '{0,1,2,3,4,5,6}'::smallint[]", name="weekdays_known"),
    CheckConstraint("begins <> ends", name="lasts"),
    CheckConstraint("gap_days BETWEEN 1 AND 60", name="gap_known"),
    CheckConstraint("NOT isempty(valid)", name="valid_not_empty"),
    Index("rota_place_ix", "street_id", "place_id"),
    comment="A duty that a group shares, evening by evening: parking, patrol, disinfection, a gate.",
)

rota_member = Table(
    "rota_member",
    metadata,
    street_key(),
    own_id(),
    Column("rota_id", BigInteger, nullable=False),
    Column("person_id", BigInteger, nullable=False),
    Column("valid", DATERANGE, nullable=False),
    Column(
        "credit",
        ARRAY(SmallInteger),
        nullable=False,
        server_default=text("'{0,0,0,0,0,0,0}'"),
        comment="turns that count as had before joining, Monday to Sunday: else a newcomer makes up for years",
    ),
    Column(
        "never_on",
        ARRAY(SmallInteger),
        nullable=False,
        server_default=text("'{}'"),
        comment="weekdays without a turn, Monday is 0; never why",
    ),
    *_reach(),
    *_changed(),
    primary_key("id"),
    refers("rota_id", "rota"),
    refers("person_id", "person"),
    id_tells_street(),
    CheckConstraint("NOT isempty(valid)", name="valid_not_empty"),
    CheckConstraint("cardinality(credit) = 7 AND 0 <= ALL (credit)", name="credit_of_a_week"),
    CheckConstraint("never_on <@ '{0,1,2,3,4,5,6}'::smallint[]", name="never_on_known"),
    ExcludeConstraint(
        ("street_id", "="), ("rota_id", "="), ("person_id", "="), ("valid", "&&"), name="rota_member_once"
    ),
    Index("rota_member_person_ix", "street_id", "person_id"),
    comment="Who takes part and when; who is away stands in absence.",
)

rota_turn = Table(
    "rota_turn",
    metadata,
    street_key(),
    own_id(),
    Column("rota_id", BigInteger, nullable=False),
    Column("day", Date, nullable=False),
    _at("starts_at", nullable=False),
    _at("ends_at", nullable=False),
    Column("needed", SmallInteger, nullable=False),
    Column("missing", SmallInteger, nullable=False, comment="kept by the code that writes the holders"),
    Column("reason", Text, comment="why somebody is missing, as the plan told it"),
    Column("state", Text, nullable=False, server_default=text("'set'")),
    *_reach(),
    *_changed(),
    primary_key("id"),
    UniqueConstraint("street_id", "rota_id", "day"),
    refers("rota_id", "rota"),
    id_tells_street(),
    one_of("state", TURN_STATES),
    CheckConstraint(f"reason IN {LACKS}", name="reason_known"),
    CheckConstraint("missing BETWEEN 0 AND needed", name="missing_fits"),
    CheckConstraint("(missing > 0) = (reason IS NOT NULL)", name="missing_with_reason"),
    CheckConstraint("starts_at < ends_at AND ends_at <= starts_at + interval '1 day'", name="lasts"),
    Index("rota_turn_day_ix", "street_id", "day"),
    Index("rota_turn_open_ix", "street_id", "starts_at", postgresql_where=text("missing > 0")),
    comment="One evening of a rota.",
)

rota_swap = Table(
    "rota_swap",
    metadata,
    street_key(),
    own_id(),
    Column("rota_id", BigInteger, nullable=False),
    Column("turn_id", BigInteger, nullable=False),
    Column("giver_id", BigInteger, nullable=False, comment="the person who would be rid of it"),
    Column("taker_id", BigInteger, nullable=False),
    Column("other_turn_id", BigInteger, comment="what the taker gives in return; empty: nothing"),
    Column("state", Text, nullable=False, server_default=text("'asked'")),
    _at("asked_at", nullable=False),
    Column("asked_by", BigInteger),
    _at("answered_at"),
    Column("answered_by", BigInteger, comment="the taker's account, the giver's where withdrawn, or the office's"),
    *_reach(),
    *_changed(),
    primary_key("id"),
    refers("rota_id", "rota"),
    refers("turn_id", "rota_turn"),
    refers("other_turn_id", "rota_turn"),
    refers("giver_id", "person"),
    refers("taker_id", "person"),
    id_tells_street(),
    one_of("state", SWAP_STATES),
    CheckConstraint("giver_id <> taker_id", name="taker_is_another"),
    CheckConstraint("other_turn_id IS DISTINCT FROM turn_id", name="other_is_another"),
    CheckConstraint("(state = 'asked') = (answered_at IS NULL)", name="answer_has_time"),
    Index("rota_swap_turn_ix", "street_id", "turn_id"),
    Index("rota_swap_taker_ix", "street_id", "taker_id", postgresql_where=text("state = 'asked'")),
    Index(
        "rota_swap_once_ix",
        "street_id",
        "turn_id",
        "giver_id",
        "taker_id",
        unique=True,
        postgresql_where=text("state = 'asked'"),
    ),
    comment="Who asked whom to take an evening, and what came of it; never why.",
)

rota_holder = Table(
    "rota_holder",
    metadata,
    street_key(),
    own_id(),
    Column("rota_id", BigInteger, nullable=False),
    Column("turn_id", BigInteger, nullable=False),
    Column("person_id", BigInteger, nullable=False),
    Column("day", Date, nullable=False),
    Column("during", TSTZRANGE, nullable=False, comment="of the turn"),
    Column("origin", Text, nullable=False),
    Column("swap_id", BigInteger),
    _at("given_at", nullable=False),
    Column("given_by", BigInteger),
    _at("ended_at", comment="when it went to somebody else; empty: has it"),
    *_reach(),
    primary_key("id"),
    refers("rota_id", "rota"),
    refers("turn_id", "rota_turn"),
    refers("person_id", "person"),
    refers("swap_id", "rota_swap"),
    id_tells_street(),
    one_of("origin", ORIGINS),
    CheckConstraint("NOT isempty(during)", name="during_not_empty"),
    CheckConstraint("(origin = 'swapped') = (swap_id IS NOT NULL)", name="swap_is_known"),
    ExcludeConstraint(
        ("street_id", "="),
        ("person_id", "="),
        ("during", "&&"),
        where=text("ended_at IS NULL"),
        name="rota_holder_one_at_a_time",
    ),
    Index(
        "rota_holder_once_ix",
        "street_id",
        "rota_id",
        "day",
        "person_id",
        unique=True,
        postgresql_where=text("ended_at IS NULL"),
    ),
    Index("rota_holder_turn_ix", "street_id", "turn_id"),
    Index("rota_holder_person_ix", "street_id", "person_id", "day"),
    comment="Who has which turn, and who had it before it was swapped.",
)

rota_link = Table(
    "rota_link",
    metadata,
    street_key(),
    own_id(),
    Column("person_id", BigInteger, nullable=False),
    Column("account_id", BigInteger, nullable=False, comment="who made it; an account that is closed opens nothing"),
    _at("created_at", nullable=False),
    _at("expires_at", nullable=False),
    _at("revoked_at"),
    primary_key("id"),
    refers("person_id", "person"),
    id_tells_street(),
    CheckConstraint("created_at < expires_at", name="ends"),
    Index(
        "rota_link_once_ix",
        "street_id",
        "person_id",
        "account_id",
        unique=True,
        postgresql_where=text("revoked_at IS NULL"),
    ),
    comment="A link to the calendar of one's own evenings; it needs no sign-in, and shows nobody else.",
)
