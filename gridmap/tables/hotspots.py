"""Hotspots: what a search over a street has found, and the nightly numbers of cars that stay in a zone.

All of it is derived: a later search replaces it. A row belongs to the smallest territory that holds all its units.
"""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

from gridmap.tables.base import (
    geometry,
    id_tells_street,
    label_point,
    metadata,
    one_of,
    own_id,
    primary_key,
    refers,
    scope_columns,
    street_key,
    web_mercator,
)

EXPOSURES = ("places", "kerb_metres", "households")
"""How much could happen at a unit: parking places, metres of kerb, households."""
STATUSES = ("area", "further", "repeat", "busiest", "chance", "untested")
"""One of the ten surest areas, a sure one after those, a single address; the most of what nothing is compared with;
ground that cannot be told from chance, or was not compared."""
NAMED_BY = ("estate", "road", "community")
SUBJECT = "^(parking_violation|long_stay|incident|[0-9]{2}|[0-9]{5})$"
"""Violations, long stays, all incidents, a class of them or a kind."""
WHOLE = "(status IN ('area', 'further', 'repeat', 'chance')) = (expected IS NOT NULL)"
NUMBERED = "(status IN ('area', 'further', 'busiest')) = (number IS NOT NULL)"

hotspot_run = Table(
    "hotspot_run",
    metadata,
    street_key(),
    own_id(),
    Column("subject", Text, nullable=False),
    Column("begins", Date, nullable=False),
    Column("ends", Date, nullable=False, comment="the first day after the period"),
    Column("exposure", Text, comment="what cases are compared with; empty: nothing fits, and nothing is tested"),
    Column("edge_m", Numeric(6, 1), nullable=False),
    Column("permutations", Integer, nullable=False),
    Column("seed", BigInteger, nullable=False, comment="from street, subject and period alone"),
    Column("units", Integer, nullable=False),
    Column("cases", Integer, nullable=False, comment="at units that are compared; without exposure all of them"),
    Column("unexposed", Integer, nullable=False, comment="where there is no exposure: in nothing else"),
    Column("months", ARRAY(Date), nullable=False, comment="whole months before the end, the oldest first"),
    Column("month_cases", ARRAY(Integer), nullable=False),
    Column("found_at", DateTime(timezone=True), nullable=False),
    primary_key("id"),
    UniqueConstraint("street_id", "subject", "ends"),
    id_tells_street(),
    one_of("exposure", EXPOSURES),
    CheckConstraint(f"subject ~ '{SUBJECT}'", name="subject_known"),
    CheckConstraint("begins < ends", name="period_runs"),
    CheckConstraint(
        "edge_m > 0 AND permutations > 0 AND units >= 0 AND cases >= 0 AND unexposed >= 0", name="numbers_fit"
    ),
    CheckConstraint("cardinality(months) = cardinality(month_cases)", name="months_whole"),
    comment="One search for hotspots: a street, a subject, a period.",
)

hotspot = Table(
    "hotspot",
    metadata,
    street_key(),
    own_id(),
    Column("run_id", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("number", SmallInteger, comment="1 is the surest; without a test, that with the most"),
    Column("name", Text, comment="of the estate, road or community it lies at; of a repeat address the place's"),
    Column("named_by", Text),
    Column("place_id", BigInteger, comment="a repeat address"),
    Column("observed", Integer, nullable=False),
    Column("expected", Numeric(12, 2), comment="what the exposure of the same units would bring"),
    Column("chance", Numeric(6, 5), comment="of a place this high anywhere on the street by accident"),
    Column("units", Integer, nullable=False),
    Column("month_observed", ARRAY(Integer)),
    Column("month_expected", ARRAY(Numeric(14, 4))),
    *scope_columns(),
    geometry(nullable=False),
    web_mercator(),
    label_point(),
    primary_key("id"),
    refers("run_id", "hotspot_run", cascade=True),
    refers("place_id", "place", cascade=True),
    id_tells_street(),
    one_of("status", STATUSES),
    one_of("named_by", NAMED_BY),
    CheckConstraint(WHOLE, name="compared_whole"),
    CheckConstraint(NUMBERED, name="numbered_whole"),
    CheckConstraint("status <> 'area' OR number BETWEEN 1 AND 10", name="areas_few"),
    CheckConstraint("(status = 'repeat') = (place_id IS NOT NULL)", name="repeat_has_place"),
    CheckConstraint("chance > 0 AND chance <= 1", name="chance_fits"),
    CheckConstraint("(month_observed IS NULL) = (month_expected IS NULL)", name="months_whole"),
    Index("hotspot_geom_3857_ix", "geom_3857", postgresql_using="gist"),
    Index("hotspot_run_ix", "street_id", "run_id", "status"),
    Index("hotspot_place_ix", "street_id", "place_id"),
    comment="What a search found: named areas, single addresses, and the ground that cannot be told from chance.",
)

hotspot_unit = Table(
    "hotspot_unit",
    metadata,
    street_key(),
    Column("hotspot_id", BigInteger, nullable=False, autoincrement=False),
    Column("place_id", BigInteger, nullable=False, autoincrement=False),
    Column("observed", Integer, nullable=False),
    Column("exposure", Numeric(14, 4)),
    Column("expected", Numeric(14, 4)),
    Column("cases", ARRAY(BigInteger), comment="ids of its incidents; of zones none"),
    Column("is_apart", Boolean, nullable=False, comment="holds so much that it is listed by itself; not in the totals"),
    *scope_columns(),
    primary_key("hotspot_id", "place_id"),
    refers("hotspot_id", "hotspot", cascade=True),
    refers("place_id", "place", cascade=True),
    Index("hotspot_unit_place_ix", "street_id", "place_id"),
    comment="The units of an area: the rows that its numbers are the sums of. Kept for the newest search alone.",
)

zone_stay = Table(
    "zone_stay",
    metadata,
    street_key(),
    Column("place_id", BigInteger, nullable=False, autoincrement=False),
    Column("day", Date, nullable=False, comment="after the evening's count"),
    Column("cars", Integer, nullable=False),
    Column("begun", Integer, nullable=False, comment="of these, staying since that day"),
    Column("longest_days", Integer, nullable=False, comment="since its first count; 0 where none stays"),
    *scope_columns(),
    primary_key("place_id", "day"),
    refers("place_id", "place", cascade=True),
    CheckConstraint(
        "begun BETWEEN 0 AND cars AND longest_days >= 0 AND (cars > 0 OR longest_days = 0)", name="cars_fit"
    ),
    Index("zone_stay_day_ix", "street_id", "day"),
    comment="How many cars from outside were staying in a zone. Numbers alone: they outlast the sightings.",
)
