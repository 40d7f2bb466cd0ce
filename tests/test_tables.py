"""The rules that the schema keeps, read from the catalogue of a migrated database."""

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, pool

from gridmap.tables import DataClass, data_class, metadata
from tests.conftest import Base

REFERENCE = {
    *("city", "district", "street", "facility_kind", "duty_role", "calendar_day", "calendar_year", "organisation"),
    *("account", "account_grant", "session", "api_token", "sign_in_slip", "sign_in_failure", "job", "import_run"),
    *("incident_class", "incident_kind", "incident_limit", "incident_stage"),
}
WITHOUT_STREET_ROWS = {"audit", "change"}
"""Street 0 stands for no street in them, so they have no foreign key to street."""

THROUGH = {"slot": "duty"}
"""Belongs to a street by a key that it must have to a table which does."""

KEYS = """
SELECT t.relname AS on_table, c.contype AS kind, c.conname AS name, f.relname AS target, c.confdeltype AS on_delete,
  (SELECT array_agg(a.attname ORDER BY k.position) FROM unnest(c.conkey) WITH ORDINALITY k (number, position)
   JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number)::text[] AS columns
FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace
LEFT JOIN pg_class f ON f.oid = c.confrelid
WHERE n.nspname = 'gridmap' AND c.contype IN ('p', 'u', 'x', 'f') AND t.relname <> 'alembic_version'
"""


@pytest.fixture(scope="module")
def owner(copy_database, empty_template):
    base: Base = copy_database(empty_template)
    with psycopg.connect(base.owner_url) as connection:
        yield connection


@pytest.fixture(scope="module")
def keys(owner):
    rows = owner.execute(KEYS).fetchall()
    assert len(rows) > 50
    return rows


def test_every_table_is_either_street_owned_or_known_as_reference(keys):
    owned = {table.name for table in metadata.sorted_tables} - REFERENCE
    for name in owned:
        assert metadata.tables[f"gridmap.{name}"].columns[0].name == "street_id"
    for name in REFERENCE:
        primary = metadata.tables[f"gridmap.{name}"].primary_key
        assert "street_id" not in primary.columns


def test_street_id_comes_first_in_every_key_of_a_street_owned_table(keys):
    for table, kind, name, target, _, columns in keys:
        if table in REFERENCE:
            continue
        if kind == "f" and target in REFERENCE:
            continue
        assert columns[0] == "street_id", name


def test_no_reference_table_points_at_a_street_owned_one(keys):
    for table, kind, name, target, _, _ in keys:
        if kind == "f" and table in REFERENCE:
            assert target in REFERENCE, name


def test_nothing_is_set_null_on_delete(keys):
    assert [row for row in keys if row[4] in ("n", "d")] == []


def test_every_street_owned_table_but_the_feed_and_the_audit_belongs_to_a_street(keys):
    pointing = {row[0] for row in keys if row[1] == "f" and row[3] == "street"}
    for name, other in THROUGH.items():
        assert any(row[0] == name and row[3] == other and row[1] == "f" for row in keys)
        assert not metadata.tables[f"gridmap.{name}"].columns[f"{other}_id"].nullable
        assert other in pointing
    owned = {table.name for table in metadata.sorted_tables} - REFERENCE - WITHOUT_STREET_ROWS
    assert owned <= pointing | THROUGH.keys()


def test_there_are_no_triggers(owner):
    rows = owner.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal").fetchall()
    assert rows == []


def test_row_security_is_on_for_every_table_with_a_street_and_policies_hold_no_subquery(owner):
    rows = owner.execute(
        "SELECT c.relname, c.relrowsecurity FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'street_id'"
        " WHERE n.nspname = 'gridmap' AND c.relkind = 'r'"
    ).fetchall()
    assert len(rows) > 20
    assert {name for name, is_on in rows if not is_on} == set()
    rules = owner.execute("SELECT tablename, qual, with_check FROM pg_policies WHERE schemaname = 'gridmap'").fetchall()
    for table, using, check in rules:
        assert "select" not in f"{using} {check}".lower(), table


def test_the_app_role_cannot_select_personal_and_sensitive_columns(owner):
    locked = 0
    for table in metadata.sorted_tables:
        for column in table.columns:
            may = owner.execute(
                "SELECT has_column_privilege('gridmap_app', %s, %s, 'SELECT')", (str(table), column.name)
            ).fetchone()[0]
            is_locked = data_class(column) in (DataClass.PERSONAL, DataClass.SENSITIVE)
            assert may is not is_locked, f"{table}.{column.name}"
            locked += is_locked
    assert locked >= 7


def test_the_app_role_owns_nothing_and_cannot_change_history(owner):
    owns = owner.execute(
        "SELECT count(*) FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE r.rolname = 'gridmap_app'"
    ).fetchone()
    assert owns == (0,)
    for table in ("gridmap.audit", "gridmap.change"):
        for right in ("UPDATE", "DELETE", "TRUNCATE"):
            assert owner.execute("SELECT has_table_privilege('gridmap_app', %s, %s)", (table, right)).fetchone() == (
                False,
            )


def test_the_migrated_schema_is_the_declared_one(copy_database, empty_template):
    base = copy_database(empty_template)
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(base.owner_url, options="-c search_path=public"),
        poolclass=pool.NullPool,
    )
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_schemas": True,
                "include_name": lambda name, kind, _: kind != "schema" or name == "gridmap",
                "include_object": lambda thing, name, kind, *_: not (kind == "table" and name == "alembic_version"),
                "compare_type": True,
            },
        )
        differences = list(compare_metadata(context, metadata))
    assert differences == []


NAMES_PLACE_WITHOUT_INDEX = """
SELECT c.conrelid::regclass || ' ' || array_to_string(k.columns, ',')
FROM pg_constraint c, LATERAL (
  SELECT array_agg(a.attname::text ORDER BY n.position) AS columns, array_agg(n.number ORDER BY n.number) AS numbers
  FROM unnest(c.conkey) WITH ORDINALITY n (number, position)
  JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = n.number) k
WHERE c.contype = 'f' AND c.confrelid = 'gridmap.place'::regclass AND NOT EXISTS (
  SELECT FROM pg_index i WHERE i.indrelid = c.conrelid
  AND (SELECT array_agg(f.number ORDER BY f.number) FROM (
    SELECT unnest((i.indkey::smallint[])[0:cardinality(k.numbers) - 1]) AS number) f) = k.numbers)
"""


def test_what_names_a_place_is_found_by_index_when_the_place_goes(owner):
    assert owner.execute(NAMES_PLACE_WITHOUT_INDEX).fetchall() == []


def test_an_id_must_tell_its_street(empty_base):
    with psycopg.connect(empty_base.owner_url) as owner:
        owner.execute("INSERT INTO gridmap.city (code, name) VALUES ('1', 'a')")
        owner.execute("INSERT INTO gridmap.district (city_id, code, name) VALUES (1, '1', 'a')")
        owner.execute("INSERT INTO gridmap.street (district_id, code, name) VALUES (1, '1', 'a')")
        with pytest.raises(psycopg.errors.CheckViolation, match="id_tells_street"):
            owner.execute(
                "INSERT INTO gridmap.community (street_id, id, code, name) VALUES (1, 7, '000000000001', 'c')"
            )
