"""Editions of the register, what each makes of a place, and which place came out of which."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from gridmap.tables.base import geometry, id_tells_street, metadata, one_of, own_id, primary_key, refers, street_key

EDITION_STATES = ("draft", "waiting", "published", "undone", "dropped")
EDITION_ACTIONS = ("add", "change", "end")
EDITED_KINDS = ("grid", "estate", "building", "stairwell", "facility")

edition = Table(
    "edition",
    metadata,
    street_key(),
    own_id(),
    Column("community_id", BigInteger, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'draft'")),
    Column(
        "steps", JSONB, nullable=False, server_default=text("'[]'"), comment="what was done, in order, in words and ids"
    ),
    Column("starts_on", Date),
    Column("why", Text),
    Column("certificate", JSONB, comment="what the check of the plan said when it was published"),
    Column("moved", JSONB, comment="who and what moved, as numbers"),
    Column("published_at", DateTime(timezone=True)),
    Column("published_by", BigInteger),
    Column("undone_at", DateTime(timezone=True)),
    Column("undone_by", BigInteger),
    Column("undone_why", Text),
    Column("revision", Integer, nullable=False, server_default=text("1")),
    Column("changed_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("changed_by", BigInteger),
    primary_key("id"),
    refers("community_id", "community"),
    id_tells_street(),
    one_of("state", EDITION_STATES),
    CheckConstraint(
        "state IN ('draft', 'dropped') OR (starts_on IS NOT NULL AND why IS NOT NULL AND published_at IS NOT NULL)",
        name="published_whole",
    ),
    CheckConstraint("(state = 'undone') = (undone_at IS NOT NULL)", name="undone_whole"),
    CheckConstraint("jsonb_typeof(steps) = 'array'", name="steps_listed"),
    Index("edition_one_draft_ix", "street_id", "community_id", unique=True, postgresql_where=text("state = 'draft'")),
    Index("edition_community_ix", "street_id", "community_id", "id"),
    comment="Changes of a community's register that were drawn together and hold from one day.",
)

edition_place = Table(
    "edition_place",
    metadata,
    street_key(),
    Column("edition_id", BigInteger, nullable=False),
    Column("place_id", BigInteger, nullable=False),
    Column("action", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("code", Text, comment="empty: given when it is published"),
    Column("name", Text, nullable=False),
    Column(
        "details",
        JSONB,
        nullable=False,
        server_default=text("'{}'"),
        comment="type of a grid, kind of a building or facility, parent_id",
    ),
    Column(
        "formers",
        ARRAY(BigInteger),
        nullable=False,
        server_default=text("'{}'"),
        comment="the places on whose ground it stands",
    ),
    Column("was", JSONB, comment="code, name and details before"),
    geometry("was_geom"),
    Column("seen_revision", Integer, comment="of the place, when it was drawn"),
    Column("made_revision", Integer, comment="of the place, when it was published"),
    geometry(),
    Column("community_id", BigInteger, nullable=False),
    primary_key("edition_id", "place_id"),
    refers("edition_id", "edition", cascade=True),
    one_of("action", EDITION_ACTIONS),
    one_of("kind", EDITED_KINDS),
    CheckConstraint("(action = 'add') = (was IS NULL)", name="was_whole"),
    comment="What an edition makes of one place; one that it adds has its id already.",
)

lineage = Table(
    "lineage",
    metadata,
    street_key(),
    Column("former_id", BigInteger, nullable=False),
    Column("later_id", BigInteger, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("edition_id", BigInteger, nullable=False),
    primary_key("former_id", "later_id", "starts_on"),
    refers("former_id", "place", cascade=True),
    refers("later_id", "place", cascade=True),
    refers("edition_id", "edition"),
    CheckConstraint("former_id <> later_id", name="differ"),
    Index("lineage_later_ix", "street_id", "later_id"),
    comment="Which place came out of which: what was counted at the former stays there, told beside the later one.",
)
