"""One `place` for grid, estate, building, stairwell, facility and zone; what is particular stands beside it."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    Date,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, JSONB, ExcludeConstraint

from gridmap.tables.base import (
    geometry,
    id_tells_street,
    kept_columns,
    label_point,
    metadata,
    one_of,
    own_id,
    primary_key,
    refers,
    register_columns,
    scope_columns,
    street_key,
    web_mercator,
)

PLACE_KINDS = ("grid", "estate", "building", "stairwell", "facility", "zone")
GRID_TYPES = ("basic", "dedicated", "micro")
MANAGEMENTS = ("property", "none", "self", "unknown")
BUILDING_KINDS = ("high_rise", "slab", "tower", "villa_row", "commercial", "public", "garage", "other")
FACILITY_STATES = ("working", "down", "planned", "removed")
TARIFF_DAYS = ("from_entry", "calendar")
BASEMAP_KINDS = ("road", "water", "green")

place = Table(
    "place",
    metadata,
    street_key(),
    own_id(),
    Column("kind", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("aliases", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("initials", Text, comment="pinyin initials of the name, lower case, for search"),
    Column("address", Text),
    Column("parent_id", BigInteger, comment="stairwell → building, sub-estate → estate"),
    *scope_columns(),
    Column("valid", DATERANGE, nullable=False, server_default=text("'(,)'")),
    geometry(),
    web_mercator(),
    label_point(),
    *register_columns(),
    *kept_columns(),
    Column(
        "search",
        Text,
        Computed("lower(code || ' ' || name || ' ' || coalesce(initials, ''))", persisted=True),
    ),
    primary_key("id"),
    UniqueConstraint("street_id", "kind", "code"),
    refers("community_id", "community"),
    refers("grid_id", "place"),
    refers("micro_grid_id", "place"),
    refers("estate_id", "place"),
    refers("parent_id", "place"),
    id_tells_street(),
    one_of("kind", PLACE_KINDS),
    CheckConstraint("geom IS NULL OR NOT public.st_isempty(geom)", name="geom_not_empty"),
    Index("place_geom_ix", "geom", postgresql_using="gist"),
    *(
        Index(
            f"place_{kind}_geom_3857_ix",
            "geom_3857",
            postgresql_using="gist",
            postgresql_where=text(f"kind = '{kind}'"),
        )
        for kind in PLACE_KINDS
    ),
    Index("place_community_ix", "street_id", "community_id", "kind"),
    Index("place_grid_ix", "street_id", "grid_id", "kind"),
    Index("place_micro_grid_ix", "street_id", "micro_grid_id", postgresql_where=text("micro_grid_id IS NOT NULL")),
    Index("place_estate_ix", "street_id", "estate_id", "kind"),
    Index("place_parent_ix", "street_id", "parent_id", postgresql_where=text("parent_id IS NOT NULL")),
    Index("place_search_ix", "search", postgresql_using="gin", postgresql_ops={"search": "public.gin_trgm_ops"}),
    Index(
        "place_source_key",
        "street_id",
        "kind",
        "source",
        "source_key",
        unique=True,
        postgresql_where=text("source_key IS NOT NULL"),
    ),
    comment="A grid's grid_id and an estate's estate_id are their own id; a micro grid carries both grids.",
)


def counts(*things: str) -> "list[Column[int]]":
    """Declared and counted values side by side, for each thing."""
    return [Column(f"{how}_{thing}", Integer) for thing in things for how in ("declared", "counted")]


def place_key() -> "Column[int]":
    """The key of the place that a particular row belongs to."""
    return Column("place_id", BigInteger, nullable=False, autoincrement=False)


grid = Table(
    "grid",
    metadata,
    street_key(),
    place_key(),
    Column("type", Text, nullable=False),
    Column("serial", SmallInteger, comment="the last three digits of the code: west to east, north to south"),
    *counts("households", "population", "buildings", "stairwells"),
    primary_key("place_id"),
    refers("place_id", "place", cascade=True),
    one_of("type", GRID_TYPES),
    comment="Basic and dedicated grids partition a community; micro grids lie inside one basic grid.",
)

estate = Table(
    "estate",
    metadata,
    street_key(),
    place_key(),
    Column("management", Text, nullable=False, server_default=text("'unknown'")),
    Column("property_id", ForeignKey("gridmap.organisation.id")),
    Column("origin", Text),
    Column("built_year", SmallInteger),
    Column("site_area_m2", Numeric(12, 2), comment="as declared"),
    Column("floor_area_m2", Numeric(12, 2), comment="as declared"),
    Column("declared_party_members", Integer, comment="a number of heads, as declared"),
    *counts("households", "population", "buildings", "stairwells"),
    primary_key("place_id"),
    refers("place_id", "place", cascade=True),
    one_of("management", MANAGEMENTS),
)

building = Table(
    "building",
    metadata,
    street_key(),
    place_key(),
    Column("kind", Text, nullable=False, server_default=text("'other'")),
    Column("floors", SmallInteger),
    Column("floors_underground", SmallInteger),
    Column("built_year", SmallInteger),
    Column("height_m", Numeric(6, 1)),
    Column("units", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    *counts("households", "stairwells"),
    primary_key("place_id"),
    refers("place_id", "place", cascade=True),
    one_of("kind", BUILDING_KINDS),
    comment="units: household numbers of a building without stairwells (villa rows); never names.",
)

stairwell = Table(
    "stairwell",
    metadata,
    street_key(),
    place_key(),
    Column("floors", SmallInteger),
    Column("units", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    *counts("households"),
    primary_key("place_id"),
    refers("place_id", "place", cascade=True),
    comment="units: the household numbers, a household is (place_id, unit); never names.",
)

facility_kind = Table(
    "facility_kind",
    metadata,
    Column("code", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column("theme", Text, nullable=False),
    Column("shape", Text, nullable=False, server_default=text("'point'")),
    one_of("shape", ("point", "area", "line")),
)

facility = Table(
    "facility",
    metadata,
    street_key(),
    place_key(),
    Column("kind", ForeignKey(facility_kind.c.code), nullable=False),
    Column("state", Text, nullable=False, server_default=text("'working'")),
    Column("installed_on", Date),
    Column("level", SmallInteger, comment="storey; below 0 is underground"),
    Column("details", JSONB, nullable=False, server_default=text("'{}'")),
    primary_key("place_id"),
    refers("place_id", "place", cascade=True),
    one_of("state", FACILITY_STATES),
)

zone = Table(
    "zone",
    metadata,
    street_key(),
    place_key(),
    Column("kind", Text, nullable=False, server_default=text("'parking'")),
    Column("capacity", Integer),
    Column("hourly_yuan", Numeric(7, 2), comment="for each hour that has begun; empty: no tariff"),
    Column("daily_cap_yuan", Numeric(7, 2)),
    Column("tariff_day", Text, comment="24 hours from when a car came in, or a calendar day"),
    Column("details", JSONB, nullable=False, server_default=text("'{}'")),
    primary_key("place_id"),
    refers("place_id", "place", cascade=True),
    one_of("tariff_day", TARIFF_DAYS),
    CheckConstraint("capacity >= 0", name="capacity_some"),
    CheckConstraint(
        "(hourly_yuan IS NULL) = (daily_cap_yuan IS NULL) AND (hourly_yuan IS NULL) = (tariff_day IS NULL)"
        " AND hourly_yuan >= 0 AND hourly_yuan <= daily_cap_yuan",
        name="tariff_whole",
    ),
)

boundary = Table(
    "boundary",
    metadata,
    street_key(),
    place_key(),
    Column("valid", DATERANGE, nullable=False),
    geometry(nullable=False),
    web_mercator(),
    label_point(),
    primary_key("place_id", "valid"),
    refers("place_id", "place", cascade=True),
    ExcludeConstraint(("street_id", "="), ("place_id", "="), ("valid", "&&"), name="boundary_one_at_a_time"),
    Index("boundary_geom_3857_ix", "geom_3857", postgresql_using="gist"),
    Index("boundary_geom_ix", "geom", postgresql_using="gist"),
    comment="Editions of a boundary; the current one is also place.geom.",
)

membership = Table(
    "membership",
    metadata,
    street_key(),
    place_key(),
    Column("valid", DATERANGE, nullable=False),
    *scope_columns(),
    primary_key("place_id", "valid"),
    refers("place_id", "place", cascade=True),
    ExcludeConstraint(("street_id", "="), ("place_id", "="), ("valid", "&&"), name="membership_one_at_a_time"),
    comment="Which community, grid and estate a place belonged to, and when.",
)

basemap = Table(
    "basemap",
    metadata,
    street_key(),
    own_id(),
    Column("kind", Text, nullable=False),
    Column("class", Text, nullable=False),
    Column("name", Text),
    geometry(nullable=False),
    web_mercator(),
    label_point(),
    *register_columns(),
    *kept_columns(),
    primary_key("id"),
    id_tells_street(),
    one_of("kind", BASEMAP_KINDS),
    *(
        Index(
            f"basemap_{kind}_geom_3857_ix",
            "geom_3857",
            postgresql_using="gist",
            postgresql_where=text(f"kind = '{kind}'"),
        )
        for kind in BASEMAP_KINDS
    ),
    Index("basemap_geom_ix", "geom", postgresql_using="gist"),
    Index(
        "basemap_source_key",
        "street_id",
        "kind",
        "source",
        "source_key",
        unique=True,
        postgresql_where=text("source_key IS NOT NULL"),
    ),
)
