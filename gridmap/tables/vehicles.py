"""Cars from outside: where each stands with an estate, sightings, violations, notices, bans and what happened.

A car belongs to its estate, and to whoever looks after a part of that; what was seen belongs to the zone.
"""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    Index,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint

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
from gridmap.tables.parking import HASH_WHOLE, MASKED, PARTS, changed, grids

VEHICLE_STATES = ("free", "noticed", "warned", "proposed", "banned", "appealed")
GIVEN = ("slip", "call", "text", "owner")
"""How a notice reached whoever drives the car."""


def _at(name: str, *, nullable: bool = True, comment: str | None = None) -> "Column[object]":
    return Column(name, DateTime(timezone=True), nullable=nullable, comment=comment)


def _of_vehicle() -> "list[Column[object]]":
    """The car, and where a row about it belongs."""
    return [Column("vehicle_id", BigInteger, nullable=False), Column("place_id", BigInteger, nullable=False)]


vehicle = Table(
    "vehicle",
    metadata,
    street_key(),
    own_id(),
    Column("place_id", BigInteger, nullable=False, comment="the estate whose rules hold, or a zone that lies in none"),
    Column("plate_hash", LargeBinary, nullable=False, comment="by the key of the installation"),
    Column("plate_masked", Text, nullable=False),
    Column("plate", Text, info=PERSONAL, comment="only while a notice or a ban is open"),
    Column("has_plate", Boolean, Computed("plate IS NOT NULL", persisted=True)),
    Column("state", Text, nullable=False, server_default=text("'free'"), comment="as written: see parking_state()"),
    Column(
        "evenings",
        ARRAY(Date),
        nullable=False,
        server_default=text("'{}'"),
        comment="with a violation that counts, in order",
    ),
    Column("last_on", Date, comment="last evening with a violation, counted or not"),
    _at("counts_since", comment="what was seen before counts no more"),
    _at("resets_at", comment="from then on nothing counts"),
    Column("proposed_on", Date, comment="evening of the violation that a ban was proposed for"),
    _at("proposed_at"),
    Column("proposed_by", BigInteger),
    Column(
        "saw",
        ARRAY(BigInteger),
        nullable=False,
        server_default=text("'{}'"),
        comment="accounts that saw it then and since; none of them confirms",
    ),
    _at("banned_from"),
    _at("banned_until"),
    *scope_columns(),
    grids(),
    *changed(),
    primary_key("id"),
    UniqueConstraint("street_id", "place_id", "plate_hash"),
    refers("place_id", "place"),
    id_tells_street(),
    one_of("state", VEHICLE_STATES),
    CheckConstraint(HASH_WHOLE, name="hash_whole"),
    CheckConstraint(MASKED, name="plate_is_masked"),
    CheckConstraint("plate IS NULL OR state <> 'free'", name="plate_only_while_open"),
    CheckConstraint("(state = 'free') = (evenings = '{}')", name="free_of_evenings"),
    CheckConstraint(
        "(state IN ('banned', 'appealed')) = (banned_until IS NOT NULL)"
        " AND (banned_from IS NULL) = (banned_until IS NULL) AND banned_from < banned_until",
        name="ban_has_end",
    ),
    CheckConstraint(
        "(state IN ('proposed', 'banned', 'appealed')) = (proposed_by IS NOT NULL)"
        " AND (proposed_by IS NULL) = (proposed_at IS NULL) AND (proposed_by IS NULL) = (proposed_on IS NULL)"
        " AND (proposed_by IS NULL) = (saw = '{}') AND (proposed_by IS NULL OR proposed_by = ANY (saw))"
        " AND array_position(saw, NULL) IS NULL",
        name="proposal_whole",
    ),
    CheckConstraint(
        "(state IN ('noticed', 'warned', 'proposed')) = (resets_at IS NOT NULL)", name="notices_are_forgotten"
    ),
    Index("vehicle_open_ix", "street_id", "place_id", "state", postgresql_where=text("state <> 'free'")),
    Index("vehicle_plate_ix", "street_id", "plate_hash"),
    Index(
        "vehicle_due_ix",
        "street_id",
        text("least(resets_at, banned_until)"),
        postgresql_where=text("state <> 'free'"),
    ),
    comment="A car from outside in one estate. Its clear plate leaves only through unmask_vehicles().",
)

sighting = Table(
    "sighting",
    metadata,
    street_key(),
    own_id(),
    *_of_vehicle(),
    _at("at", nullable=False),
    _at("received_at", nullable=False),
    Column("counted_on", Date, comment="of the count in which it was noted"),
    Column("part", Text),
    Column("found", Text, nullable=False, comment="what followed: an action, or why nothing did"),
    Column("photo", LargeBinary, comment="SHA-256 of a file"),
    Column("account_id", BigInteger),
    Column("sent_id", Uuid),
    *scope_columns(),
    primary_key("id"),
    refers("vehicle_id", "vehicle"),
    refers("place_id", "place"),
    id_tells_street(),
    one_of("part", PARTS),
    CheckConstraint("(counted_on IS NULL) = (part IS NULL)", name="count_whole"),
    Index("sighting_vehicle_ix", "street_id", "vehicle_id", text("at DESC")),
    Index("sighting_place_ix", "street_id", "place_id", text("at DESC")),
    Index("sighting_count_ix", "street_id", "estate_id", "counted_on", postgresql_where=text("counted_on IS NOT NULL")),
    Index("sighting_photo_ix", "street_id", "photo", postgresql_where=text("photo IS NOT NULL")),
    Index("sighting_at_ix", "street_id", "at"),
    comment="A car from outside, seen in a zone. Forgotten 30 days after nothing is open.",
)

violation = Table(
    "violation",
    metadata,
    street_key(),
    own_id(),
    *_of_vehicle(),
    Column("evening", Date, nullable=False),
    _at("at", nullable=False, comment="when it was seen first that evening"),
    Column("is_counted", Boolean, nullable=False, server_default=text("true"), comment="false: seen during a ban"),
    Column("account_id", BigInteger, nullable=False, comment="who saw it"),
    _at("withdrawn_at"),
    Column("withdrawn_by", BigInteger),
    Column("withdrawn_why", Text),
    *scope_columns(),
    primary_key("id"),
    refers("vehicle_id", "vehicle"),
    refers("place_id", "place"),
    id_tells_street(),
    CheckConstraint(
        "(withdrawn_at IS NULL) = (withdrawn_by IS NULL)"
        " AND (withdrawn_at IS NULL) = (coalesce(btrim(withdrawn_why), '') = '')",
        name="withdrawn_with_reason",
    ),
    Index(
        "violation_once_key",
        "street_id",
        "vehicle_id",
        "evening",
        unique=True,
        postgresql_where=text("withdrawn_at IS NULL"),
    ),
    Index("violation_place_ix", "street_id", "place_id", text("evening DESC")),
    Index("violation_evening_ix", "street_id", "evening"),
    Index("violation_estate_ix", "street_id", "estate_id", text("evening DESC")),
    Index("violation_community_ix", "street_id", "community_id", text("evening DESC")),
    comment="An evening on which a car should have been gone; one for each car and evening.",
)

parking_notice = Table(
    "parking_notice",
    metadata,
    street_key(),
    own_id(),
    *_of_vehicle(),
    Column("violation_id", BigInteger, nullable=False),
    Column("number", SmallInteger, nullable=False),
    Column("is_last", Boolean, nullable=False, comment="the last warning"),
    _at("at", nullable=False),
    Column("account_id", BigInteger, nullable=False),
    Column("given_how", Text, comment="empty: not yet"),
    _at("given_at"),
    *scope_columns(),
    primary_key("id"),
    UniqueConstraint("street_id", "violation_id"),
    refers("vehicle_id", "vehicle"),
    refers("violation_id", "violation"),
    refers("place_id", "place"),
    id_tells_street(),
    one_of("given_how", GIVEN),
    CheckConstraint("number BETWEEN 1 AND 9", name="number_few"),
    CheckConstraint("(given_how IS NULL) = (given_at IS NULL)", name="given_whole"),
    Index("parking_notice_vehicle_ix", "street_id", "vehicle_id", text("at DESC")),
    Index("parking_notice_at_ix", "street_id", text("at DESC")),
    Index("parking_notice_open_ix", "street_id", "vehicle_id", postgresql_where=text("given_how IS NULL")),
    Index("parking_notice_given_ix", "street_id", "given_at", postgresql_where=text("given_at IS NOT NULL")),
    Index("parking_notice_place_ix", "street_id", "place_id"),
    comment="What a violation brought: the first, the second … notice, the last of them the last warning.",
)

ban = Table(
    "ban",
    metadata,
    street_key(),
    own_id(),
    *_of_vehicle(),
    Column("reason", Text, nullable=False),
    _at("starts_at", nullable=False),
    _at("until", nullable=False),
    Column("proposed_by", BigInteger, nullable=False),
    Column("saw", ARRAY(BigInteger), nullable=False, comment="accounts that saw it; none of them confirms"),
    Column("confirmed_by", BigInteger, nullable=False),
    _at("confirmed_at", nullable=False),
    _at("appealed_at", comment="of an appeal that is open"),
    _at("revoked_at"),
    Column("revoked_by", BigInteger),
    Column("revoked_why", Text),
    Column("valid", TSTZRANGE, Computed("tstzrange(starts_at, coalesce(revoked_at, until))", persisted=True)),
    *scope_columns(),
    grids(),
    *changed(),
    primary_key("id"),
    refers("vehicle_id", "vehicle"),
    refers("place_id", "place"),
    id_tells_street(),
    CheckConstraint("btrim(reason) <> ''", name="has_reason"),
    CheckConstraint("until > starts_at", name="ends_after_it_begins"),
    CheckConstraint(
        "confirmed_by <> proposed_by AND NOT confirmed_by = ANY (saw) AND array_position(saw, NULL) IS NULL",
        name="second_person",
    ),
    CheckConstraint("revoked_at >= starts_at AND revoked_at < until", name="revoked_while_it_runs"),
    CheckConstraint(
        "(revoked_at IS NULL) = (revoked_by IS NULL)"
        " AND (revoked_at IS NULL) = (coalesce(btrim(revoked_why), '') = '')",
        name="revoked_with_reason",
    ),
    ExcludeConstraint(("street_id", "="), ("vehicle_id", "="), ("valid", "&&"), name="ban_one_at_a_time"),
    Index("ban_place_ix", "street_id", "place_id", "until"),
    Index("ban_until_ix", "street_id", "until"),
    Index("ban_estate_ix", "street_id", "estate_id", "until"),
    comment="A car may not enter, from starts_at to before until or until it is revoked: valid. It ends by itself.",
)

parking_turn = Table(
    "parking_turn",
    metadata,
    street_key(),
    own_id(),
    *_of_vehicle(),
    Column("action", Text, nullable=False),
    Column("from_state", Text, nullable=False),
    Column("to_state", Text, nullable=False),
    _at("at", nullable=False, comment="of what happened by itself, the very moment"),
    Column("account_id", BigInteger, comment="empty: by itself"),
    Column("evening", Date),
    Column("ban_id", BigInteger),
    Column("reason", Text),
    *scope_columns(),
    grids(),
    primary_key("id"),
    refers("vehicle_id", "vehicle"),
    refers("ban_id", "ban"),
    refers("place_id", "place"),
    id_tells_street(),
    CheckConstraint(f"from_state IN {VEHICLE_STATES} AND to_state IN {VEHICLE_STATES}", name="states_known"),
    Index("parking_turn_vehicle_ix", "street_id", "vehicle_id", text("at DESC"), text("id DESC")),
    Index("parking_turn_at_ix", "street_id", text("at DESC")),
    Index("parking_turn_ban_ix", "street_id", "ban_id", postgresql_where=text("ban_id IS NOT NULL")),
    Index("parking_turn_place_ix", "street_id", "place_id"),
    comment="What happened to a car, by time and id; of its bans the history. Append-only.",
)
