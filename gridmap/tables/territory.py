"""City, district, street, community: the territory; and the office's calendar."""

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, JSONB

from gridmap.tables.base import (
    MAX_STREETS,
    geometry,
    id_tells_street,
    kept_columns,
    label_point,
    metadata,
    one_of,
    own_id,
    primary_key,
    register_columns,
    street_key,
    web_mercator,
)

city = Table(
    "city",
    metadata,
    Column("id", Integer, Identity(), primary_key=True),
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
)

district = Table(
    "district",
    metadata,
    Column("id", Integer, Identity(), primary_key=True),
    Column("city_id", ForeignKey(city.c.id), nullable=False),
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    geometry(kind="MULTIPOLYGON"),
    web_mercator(),
    label_point(),
    *register_columns(),
    *kept_columns(),
    Index("district_geom_3857_ix", "geom_3857", postgresql_using="gist"),
    comment="A city without districts has one row with its own code.",
)

street = Table(
    "street",
    metadata,
    Column("id", Integer, Identity(), primary_key=True),
    Column("district_id", ForeignKey(district.c.id), nullable=False),
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("is_demo", Boolean, nullable=False, server_default=text("false")),
    Column("settings", JSONB, nullable=False, server_default=text("'{}'")),
    geometry(kind="MULTIPOLYGON"),
    web_mercator(),
    label_point(),
    *register_columns(),
    *kept_columns(),
    CheckConstraint(f"id BETWEEN 1 AND {MAX_STREETS - 1}", name="id_fits"),
    Index("street_geom_3857_ix", "geom_3857", postgresql_using="gist"),
    Index("street_geom_ix", "geom", postgresql_using="gist"),
    comment="The tenant. Its id is a surrogate that never changes; its code may.",
)

community = Table(
    "community",
    metadata,
    street_key(),
    own_id(),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("aliases", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("initials", Text),
    Column("valid", DATERANGE, nullable=False, server_default=text("'(,)'")),
    Column("declared_households", Integer),
    Column("declared_population", Integer),
    geometry(kind="MULTIPOLYGON"),
    web_mercator(),
    label_point(),
    *register_columns(),
    *kept_columns(),
    primary_key("id"),
    UniqueConstraint("street_id", "code"),
    id_tells_street(),
    CheckConstraint("code ~ '^[0-9]{12}$'", name="code_has_12_digits"),
    Index("community_geom_3857_ix", "geom_3857", postgresql_using="gist"),
    Index("community_geom_ix", "geom", postgresql_using="gist"),
    Index("community_source_key", "street_id", "source", "source_key", unique=True),
    comment="Identified by the 12-digit statistical code.",
)

calendar_day = Table(
    "calendar_day",
    metadata,
    Column("day", Date, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    one_of("kind", ("holiday", "workday")),
    comment="Days that differ from the week: holidays, and make-up working days.",
)

calendar_year = Table(
    "calendar_year",
    metadata,
    Column("year", SmallInteger, primary_key=True),
    Column("source", Text, nullable=False),
    comment="Years whose holidays are known; any other year runs on weekends alone, marked provisional.",
)
