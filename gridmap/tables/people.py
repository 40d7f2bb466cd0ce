"""Organisations, persons on duty, who looks after what and when, and absences."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, TSTZRANGE, ExcludeConstraint

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

ORGANISATION_KINDS = (
    "party_committee",
    "party_branch",
    "party_group",
    "owners_committee",
    "oversight_committee",
    "property_company",
    "department",
    "residents_group",
)

duty_role = Table(
    "duty_role",
    metadata,
    Column("code", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("line", SmallInteger, comment="which of the five lines of a stairwell it fills"),
    Column("sort", SmallInteger, nullable=False, server_default=text("0")),
    one_of("level", ("street", "community", "grid", "estate", "building", "stairwell", "zone")),
)

organisation = Table(
    "organisation",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("code", Text, unique=True),
    Column("parent_id", ForeignKey("gridmap.organisation.id")),
    Column("street_id", ForeignKey("gridmap.street.id"), comment="where it belongs; empty for the city's own"),
    Column("community_id", BigInteger),
    Column("valid", DATERANGE, nullable=False, server_default=text("'(,)'")),
    Column("members", Integer),
    Column("party_members", Integer),
    Column("phone", Text, comment="the office's own line"),
    *register_columns(),
    one_of("kind", ORGANISATION_KINDS),
    Index("organisation_street_ix", "street_id"),
)

organisation_place = Table(
    "organisation_place",
    metadata,
    street_key(),
    Column("organisation_id", ForeignKey(organisation.c.id), nullable=False),
    Column("place_id", BigInteger, nullable=False),
    Column("relation", Text, nullable=False, server_default=text("'covers'")),
    Column("valid", DATERANGE, nullable=False, server_default=text("'(,)'")),
    primary_key("organisation_id", "place_id", "relation"),
    refers("place_id", "place", cascade=True),
    one_of("relation", ("covers", "manages")),
    Index("organisation_place_place_ix", "street_id", "place_id"),
)

person = Table(
    "person",
    metadata,
    street_key(),
    own_id(),
    Column("name", Text, nullable=False, info=PERSONAL),
    Column(
        "name_masked",
        Text,
        Computed("left(name, 1) || repeat('*', greatest(char_length(name) - 1, 1))", persisted=True),
    ),
    Column("display_name", Text, nullable=False, comment="as the office decides it is shown on duty"),
    Column("initials", Text),
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
    Column("organisation_id", ForeignKey(organisation.c.id)),
    Column("home_place_id", BigInteger, info=PERSONAL),
    *scope_columns(),
    *register_columns(),
    primary_key("id"),
    id_tells_street(),
    Index("person_community_ix", "street_id", "community_id"),
    Index("person_grid_ix", "street_id", "grid_id"),
    Index("person_source_key", "street_id", "source", "source_key", unique=True),
    comment="People on duty, never residents. Clear name and phone leave only through unmask().",
)

assignment = Table(
    "assignment",
    metadata,
    street_key(),
    own_id(),
    Column("person_id", BigInteger, nullable=False),
    Column("place_id", BigInteger, nullable=False),
    Column("role", ForeignKey(duty_role.c.code), nullable=False),
    Column("is_primary", Boolean, nullable=False, server_default=text("true")),
    Column("valid", TSTZRANGE, nullable=False),
    *scope_columns(),
    *register_columns(),
    primary_key("id"),
    refers("person_id", "person"),
    refers("place_id", "place"),
    id_tells_street(),
    CheckConstraint("NOT isempty(valid)", name="valid_not_empty"),
    ExcludeConstraint(
        ("street_id", "="),
        ("place_id", "="),
        ("role", "="),
        ("valid", "&&"),
        where=text("is_primary"),
        name="assignment_one_primary_holder",
    ),
    Index("assignment_place_ix", "street_id", "place_id", "role"),
    Index("assignment_person_ix", "street_id", "person_id"),
    Index("assignment_grid_ix", "street_id", "grid_id"),
)

absence = Table(
    "absence",
    metadata,
    street_key(),
    own_id(),
    Column("person_id", BigInteger, nullable=False),
    Column("substitute_id", BigInteger),
    Column("valid", TSTZRANGE, nullable=False),
    Column("kind", Text, nullable=False, server_default=text("'leave'")),
    *scope_columns(),
    *register_columns(),
    primary_key("id"),
    refers("person_id", "person"),
    refers("substitute_id", "person"),
    id_tells_street(),
    one_of("kind", ("leave", "left", "other")),
    CheckConstraint("substitute_id IS DISTINCT FROM person_id", name="substitute_is_another"),
    ExcludeConstraint(("street_id", "="), ("person_id", "="), ("valid", "&&"), name="absence_one_at_a_time"),
)
