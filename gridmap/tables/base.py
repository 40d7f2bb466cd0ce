"""What every table shares: the metadata, data classes, keys that start with `street_id`, geometry columns."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

SCHEMA = "gridmap"
MAX_STREETS = 2**20
SERIAL_BITS = 32

metadata = MetaData(
    schema=SCHEMA,
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_ix",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    },
)


class DataClass(StrEnum):
    """How closely a column is kept. The app role cannot SELECT personal and sensitive columns."""

    PUBLIC = "public"
    INTERNAL = "internal"
    PERSONAL = "personal"
    SENSITIVE = "sensitive"


PERSONAL = {"data_class": DataClass.PERSONAL}
SENSITIVE = {"data_class": DataClass.SENSITIVE}


def data_class(column: "Column[Any]") -> DataClass:
    """The column's class; internal where nothing is declared."""
    return DataClass(column.info.get("data_class", DataClass.INTERNAL))


def street_key() -> "Column[int]":
    """The first column of every street-owned table: the street's surrogate."""
    return Column("street_id", Integer, ForeignKey(f"{SCHEMA}.street.id"), nullable=False)


def own_id() -> "Column[int]":
    """An id that tells its street: `street_id * 2^32 + serial`, below 2^53."""
    return Column("id", BigInteger, nullable=False, autoincrement=False)


def primary_key(*columns: str) -> PrimaryKeyConstraint:
    """The primary key `(street_id, …)`."""
    return PrimaryKeyConstraint("street_id", *columns)


def id_tells_street() -> CheckConstraint:
    """The check that an id carries the street that it stands in."""
    return CheckConstraint(f"id >> {SERIAL_BITS} = street_id", name="id_tells_street")


def refers(column: str, target: str, *, target_column: str = "id", cascade: bool = False) -> ForeignKeyConstraint:
    """A foreign key `(street_id, column)` to the street-owned table `target`."""
    return ForeignKeyConstraint(
        ["street_id", column],
        [f"{SCHEMA}.{target}.street_id", f"{SCHEMA}.{target}.{target_column}"],
        ondelete="CASCADE" if cascade else None,
    )


def geometry(name: str = "geom", kind: str = "GEOMETRY", *, nullable: bool = True) -> "Column[Any]":
    """A geometry in EPSG:4326, longitude before latitude; indexes are declared beside the table."""
    return Column(name, Geometry(kind, srid=4326, spatial_index=False), nullable=nullable)


def web_mercator() -> "Column[Any]":
    """The geometry in EPSG:3857, for tiles only: never measured in."""
    return Column(
        "geom_3857",
        Geometry("GEOMETRY", srid=3857, spatial_index=False),
        Computed("public.st_transform(geom, 3857)", persisted=True),
    )


def label_point() -> "Column[Any]":
    """Where the label stands, in EPSG:3857: a point on the surface, one per thing."""
    return Column(
        "label_3857",
        Geometry("POINT", srid=3857, spatial_index=False),
        Computed("public.st_pointonsurface(public.st_transform(geom, 3857))", persisted=True),
    )


def one_of(column: str, values: Sequence[str]) -> CheckConstraint:
    """A check that `column` holds one of the listed words."""
    words = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({words})", name=f"{column}_known")


def scope_columns() -> "list[Column[Any]]":
    """Where a row belongs, for the two locks; a row without a grid belongs to its community."""
    names = ("community_id", "grid_id", "micro_grid_id", "estate_id")
    return [Column(name, BigInteger) for name in names]


def register_columns() -> "list[Column[Any]]":
    """Who changed a register row last, and from which import; a command takes the revision that it saw."""
    return [
        Column("revision", Integer, nullable=False, server_default=text("1")),
        Column("changed_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
        Column("changed_by", BigInteger),
        Column("import_run_id", BigInteger, ForeignKey(f"{SCHEMA}.import_run.id")),
        Column("source", Text),
        Column("source_key", Text),
    ]


def kept_columns() -> "tuple[Column[Any], CheckConstraint]":
    """What came in a file and has no column here, under the file's own names; null where nothing was kept."""
    return Column("extra", JSONB), CheckConstraint("jsonb_typeof(extra) = 'object'", name="extra_is_object")
