"""The demo's files go into the tables, in one transaction; loading twice changes nothing."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import DefaultClause, Table

import gridmap.tables as tables
from gridmap.audit import announce, write_audit
from gridmap.clock import parse_clock
from gridmap.demo.build import SINCE
from gridmap.demo.duties import add_duties
from gridmap.demo.files import data_digest, demo_folder
from gridmap.demo.hotspots import add_hotspots
from gridmap.demo.incidents import add_incidents
from gridmap.demo.office import add_office
from gridmap.demo.parking import add_parking
from gridmap.demo.parking.plates import DEMO_KEY
from gridmap.demo.register import Row
from gridmap.demo.rota import add_rotas
from gridmap.demo.units import expand

DEMO_CLOCK = "2026-03-16T09:00+08:00"
"""The business clock that goes with the demo: a Monday, a working day."""
SOURCE = "demo"
LAYERS = (
    "districts",
    "streets",
    "communities",
    "grids",
    "estates",
    "buildings",
    "stairwells",
    "facilities",
    "assignments",
    "slots",
    "incidents",
    "ebikes",
    "hotspots",
    "long_stays",
    "parking",
    "rotas",
    "roads",
    "water",
    "green",
)

Target = tuple[Table, dict[str, str]]
"""A table, and for columns named otherwise in the file: column → key of the row, or =constant."""


def of_place(kind: str, detail: Table) -> tuple[Target, ...]:
    """A kind of place: its row in `place`, and the one beside it."""
    own = {"place_id": "id"}
    return (tables.place, {"kind": f"={kind}"}), (detail, own)


TARGETS: Mapping[str, tuple[Target, ...]] = {
    "facility_kinds": ((tables.facility_kind, {}),),
    "duty_roles": ((tables.duty_role, {}),),
    "cities": ((tables.city, {}),),
    "districts": ((tables.district, {}),),
    "streets": ((tables.street, {"is_demo": "=true"}),),
    "organisations": ((tables.organisation, {}),),
    "communities": ((tables.community, {}),),
    "grids": of_place("grid", tables.grid),
    "estates": of_place("estate", tables.estate),
    "buildings": of_place("building", tables.building),
    "stairwells": of_place("stairwell", tables.stairwell),
    "facilities": of_place("facility", tables.facility),
    "zones": of_place("zone", tables.zone),
    "basemap": ((tables.basemap, {}),),
    "former_boundaries": ((tables.boundary, {}),),
    "former_memberships": ((tables.membership, {}),),
    "organisation_places": ((tables.organisation_place, {}),),
    "people": ((tables.person, {}),),
    "assignments": ((tables.assignment, {}),),
    "absences": ((tables.absence, {}),),
}
CODE_TABLES = ("facility_kinds", "duty_roles")
MULTIPOLYGONS = {"districts", "streets", "communities"}


def read_subject(folder: Path, subject: str) -> list[Row]:
    """The rows of a subject; the geometry of a feature is under `geom`, its id under `id`."""
    path = folder / f"{subject}.geojson"
    if not path.exists():
        rows: list[Row] = json.loads((folder / f"{subject}.json").read_text(encoding="utf-8"))
        return rows
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    return [{**f["properties"], "geom": f["geometry"]} | ({"id": f["id"]} if "id" in f else {}) for f in features]


def prepared(subject: str, row: Row) -> Row:
    """The row as the tables want it: household numbers written out, outlines of territory as multipolygons."""
    row = {**row, "source": SOURCE, "changed_at": DEMO_CLOCK}
    if isinstance(row.get("units"), str):
        row["units"] = expand(row["units"])
    geometry = row.get("geom")
    if subject in MULTIPOLYGONS and geometry and geometry["type"] == "Polygon":
        row["geom"] = {"type": "MultiPolygon", "coordinates": [geometry["coordinates"]]}
    return row


def load_demo(
    connection: "psycopg.Connection[Any]", folder: Path | None = None, *, plate_key: bytes = DEMO_KEY
) -> dict[str, int]:
    """Loads all of the demo as the owner of the schema and commits; what is there already stays as it is.

    `plate_key`: the installation's, by which it will look for cars. Hands back how many rows of each subject were new.
    Raises psycopg errors; then nothing was written.
    """
    with connection.transaction():
        added = load_places(connection, folder)
        added["slots"] = add_duties(connection)
        added["incidents"] = add_incidents(connection)
        added["office"] = add_office(connection)
        added["parking"] = add_parking(connection, plate_key)
        added["rotas"] = add_rotas(connection)
        added["hotspots"] = add_hotspots(connection)
        if any(added.values()):
            close(connection, added)
            tell_planner(connection)
    return added


def load_places(connection: "psycopg.Connection[Any]", folder: Path | None = None) -> dict[str, int]:
    """Loads what stands in the demo and who is on duty there, and nothing of what happened; how many rows were new."""
    with connection.transaction():
        added = {subject: load_subject(connection, folder or demo_folder(), subject) for subject in TARGETS}
        added["memberships"] = add_history(connection)
    return added


def load_codes(connection: "psycopg.Connection[Any]", folder: Path | None = None) -> None:
    """Loads only the code tables, kinds of facilities and roles on duty, which every installation starts with."""
    with connection.transaction():
        for subject in CODE_TABLES:
            load_subject(connection, folder or demo_folder(), subject)


def load_subject(connection: "psycopg.Connection[Any]", folder: Path, subject: str) -> int:
    """Copies one file into a temporary table and from there into its tables; how many rows were new."""
    rows = [prepared(subject, row) for row in read_subject(folder, subject)]
    if not rows:
        return 0
    connection.execute("CREATE TEMPORARY TABLE IF NOT EXISTS demo_row (row jsonb NOT NULL) ON COMMIT DROP")
    connection.execute("TRUNCATE demo_row")
    with connection.cursor().copy("COPY demo_row FROM STDIN") as copy:
        for row in rows:
            copy.write_row((json.dumps(row, ensure_ascii=False),))
    keys = {key for row in rows for key in row}
    added = 0
    for table, names in TARGETS[subject]:
        added = max(added, insert(connection, table, names, keys))
    return added


def insert(connection: "psycopg.Connection[Any]", table: Table, names: Mapping[str, str], keys: Iterable[str]) -> int:
    """INSERT … SELECT from the temporary table: columns that the file has, defaults for the rest."""
    known = set(keys)
    columns = [c.name for c in table.columns if c.computed is None and (c.name in names or c.name in known)]
    values: list[sql.Composable] = [value_of(table, name, names.get(name, name)) for name in columns]
    statement = sql.SQL(
        "INSERT INTO gridmap.{} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM demo_row d,"
        " LATERAL jsonb_populate_record(NULL::gridmap.{}, d.row) r ON CONFLICT DO NOTHING"
    ).format(
        sql.Identifier(table.name),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join(values),
        sql.Identifier(table.name),
    )
    return connection.execute(statement).rowcount


def value_of(table: Table, column: str, source: str) -> sql.Composable:
    """The expression for one column: a constant, another key of the row, or the column itself or its default."""
    if source.startswith("="):
        return sql.Literal(source[1:])
    if source != column:
        return sql.SQL("(d.row ->> {})::bigint").format(sql.Literal(source))
    own = sql.SQL("r.{}").format(sql.Identifier(column))
    default = table.columns[column].server_default
    if not isinstance(default, DefaultClause) or table.columns[column].nullable:
        return own
    return sql.SQL("coalesce({}, {})").format(own, sql.SQL(str(default.arg)))


HISTORY: Sequence[sql.SQL] = (
    sql.SQL(
        "INSERT INTO gridmap.membership (street_id, place_id, valid, community_id, grid_id, micro_grid_id, estate_id)"
        " SELECT p.street_id, p.id, daterange(coalesce(max(upper(m.valid)), {since}::date), NULL),"
        " p.community_id, p.grid_id, p.micro_grid_id, p.estate_id"
        " FROM gridmap.place p LEFT JOIN gridmap.membership m ON (m.street_id, m.place_id) = (p.street_id, p.id)"
        " WHERE p.source = {source} AND p.kind <> 'grid' AND p.community_id IS NOT NULL"
        " GROUP BY p.street_id, p.id HAVING count(*) FILTER (WHERE upper_inf(m.valid)) = 0"
        " ON CONFLICT DO NOTHING"
    ),
    sql.SQL(
        "INSERT INTO gridmap.boundary (street_id, place_id, valid, geom)"
        " SELECT p.street_id, p.id, daterange(coalesce(max(upper(b.valid)), {since}::date), NULL), p.geom"
        " FROM gridmap.place p LEFT JOIN gridmap.boundary b ON (b.street_id, b.place_id) = (p.street_id, p.id)"
        " WHERE p.source = {source} AND p.kind = 'grid'"
        " GROUP BY p.street_id, p.id HAVING count(*) FILTER (WHERE upper_inf(b.valid)) = 0"
        " ON CONFLICT DO NOTHING"
    ),
)


def add_history(connection: "psycopg.Connection[Any]") -> int:
    """Opens the current edition of memberships and boundaries where none is open."""
    facts = {"since": sql.Literal(SINCE), "source": sql.Literal(SOURCE)}
    return sum(connection.execute(statement.format(**facts)).rowcount for statement in HISTORY)


def tell_planner(connection: "psycopg.Connection[Any]") -> None:
    """Tells the planner how much there is now: whoever asks before the database has looked by itself waits for long."""
    every = (sql.Identifier(tables.SCHEMA, table.name) for table in tables.metadata.sorted_tables)
    connection.execute(sql.SQL("ANALYZE {}").format(sql.SQL(", ").join(every)))


def close(connection: "psycopg.Connection[Any]", added: Mapping[str, int]) -> None:
    """Writes the audit row and tells every process which layers have changed."""
    write_audit(
        connection,
        action="load",
        subject="demo",
        business_at=parse_clock(DEMO_CLOCK).now(),
        after={**added, "digest": data_digest()},
        why="demonstration data",
    )
    announce(connection, 0, LAYERS)
