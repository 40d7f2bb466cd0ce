"""What `gridmap doctor` looks at in a database: versions, rights, row-level security, leakproof mark, sign-in rules.

Each check is a function that gives findings; a finding that is wrong carries the way out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import LiteralString

import psycopg

from gridmap.cluster.bootstrap import APP, OWNER, is_leakproof

OLDEST_SERVER = 150000
OLDEST_POSTGIS = (3, 3)


@dataclass(frozen=True)
class Finding:
    """One line of the doctor. `is_ok` None is a remark: worth knowing, not a fault."""

    name: str
    is_ok: bool | None
    says: str
    way_out: str = ""


Connection = psycopg.Connection[tuple[object, ...]]


def check_database(connection: Connection, *, is_private: bool) -> Iterator[Finding]:
    """All findings about one database, seen by the owner or a superuser; `is_private` where the cluster is ours."""
    yield from check_versions(connection)
    yield from check_storage(connection)
    yield from check_leakproof(connection, is_private=is_private)
    yield from check_row_security(connection)
    yield from check_roles(connection)
    yield from check_functions(connection)


def check_versions(connection: Connection) -> Iterator[Finding]:
    """PostgreSQL, PostGIS and the extensions: there, new enough, and as new as what is installed."""
    server = connection.info.server_version
    is_new = server >= OLDEST_SERVER
    yield Finding("PostgreSQL", is_new, f"version {server // 10000}.{server % 10000}", "Install PostgreSQL 15 or newer")
    rows = connection.execute(
        "SELECT name, installed_version, default_version FROM pg_available_extensions"
        " WHERE name IN ('postgis', 'btree_gist', 'pg_trgm') ORDER BY name"
    ).fetchall()
    found = {str(name): (installed, str(newest)) for name, installed, newest in rows}
    for name in ("postgis", "btree_gist", "pg_trgm"):
        installed, newest = found.get(name, (None, ""))
        if installed is None:
            yield Finding(name, False, "not in this database", "Run: gridmap db bootstrap")
        elif name == "postgis" and tuple(int(part) for part in str(installed).split(".")[:2]) < OLDEST_POSTGIS:
            yield Finding(name, False, f"version {installed}", "Install PostGIS 3.3 or newer")
        elif installed != newest:
            yield Finding(name, None, f"version {installed}; {newest} is installed", "Run: gridmap db upgrade")
        else:
            yield Finding(name, True, f"version {installed}")


def check_storage(connection: Connection) -> Iterator[Finding]:
    """What keeps text and data whole: UTF-8, checksums, fsync."""
    wanted = {"server_encoding": "UTF8", "fsync": "on", "full_page_writes": "on"}
    for name, value in wanted.items():
        actual = _text(connection, "SELECT current_setting(%s)", name)
        way_out = (
            "Make the database anew with -E UTF8" if name == "server_encoding" else f"ALTER SYSTEM SET {name} = on"
        )
        yield Finding(name, actual == value, actual, way_out)
    checksums = _text(connection, "SELECT current_setting('data_checksums')")
    yield Finding("data checksums", True if checksums == "on" else None, checksums, "Stop the server: pg_checksums -e")


def check_leakproof(connection: Connection, *, is_private: bool) -> Iterator[Finding]:
    """Whether `&&` may use the spatial index under row-level security."""
    if is_leakproof(connection):
        yield Finding("spatial index under row security", True, "&& is marked leakproof")
        return
    yield Finding(
        "spatial index under row security",
        False if is_private else None,
        "&& is not marked leakproof: tiles are right but many times slower",
        "Run: gridmap db upgrade" if is_private else "Let a superuser run: gridmap db bootstrap --print",
    )


def check_row_security(connection: Connection) -> Iterator[Finding]:
    """Whether each table with a street_id has row-level security on, and a policy."""
    rows = connection.execute(
        "SELECT c.relname, c.relrowsecurity, EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)"
        " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'street_id' AND NOT a.attisdropped"
        " WHERE c.relnamespace = to_regnamespace('gridmap') AND c.relkind IN ('r', 'p') ORDER BY c.relname"
    ).fetchall()
    name = "row security"
    if not rows:
        yield Finding(name, None, "there are no tables yet", "Run: gridmap db upgrade")
    open_tables = [str(table) for table, is_on, _ in rows if not is_on]
    mute_tables = [str(table) for table, is_on, has_policy in rows if is_on and not has_policy]
    for table in open_tables:
        yield Finding(
            name,
            False,
            f"gridmap.{table} shows every row to everybody",
            f"Stop serving; as owner: ALTER TABLE gridmap.{table} ENABLE ROW LEVEL SECURITY",
        )
    for table in mute_tables:
        yield Finding(name, False, f"gridmap.{table} has no policy, so nobody sees a row", "Restore the last backup")
    if rows and not open_tables and not mute_tables:
        yield Finding(name, True, f"on for all {len(rows)} street-owned tables")


_EXCESS: dict[str, tuple[LiteralString, str]] = {
    "is a superuser": ("SELECT rolsuper FROM pg_roles WHERE rolname = %(app)s", "ALTER ROLE {app} NOSUPERUSER"),
    "bypasses row security": (
        "SELECT rolbypassrls FROM pg_roles WHERE rolname = %(app)s",
        "ALTER ROLE {app} NOBYPASSRLS",
    ),
    "may make roles or databases": (
        "SELECT rolcreaterole OR rolcreatedb OR rolreplication FROM pg_roles WHERE rolname = %(app)s",
        "ALTER ROLE {app} NOCREATEROLE NOCREATEDB NOREPLICATION",
    ),
    "is a member of another role": (
        "SELECT count(*) > 0 FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname = %(app)s",
        "REVOKE that role FROM {app}",
    ),
    "owns something": (
        (
            "SELECT count(*) > 0 FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid"
            " WHERE d.refclassid = 'pg_authid'::regclass AND d.deptype = 'o' AND r.rolname = %(app)s"
        ),
        "REASSIGN OWNED BY {app} TO {owner}",
    ),
    "may make tables": (
        (
            "SELECT coalesce(bool_or(has_schema_privilege(r.oid, n.oid, 'CREATE')), false)"
            " FROM pg_roles r, pg_namespace n WHERE r.rolname = %(app)s AND n.nspname IN ('gridmap', 'public')"
        ),
        "REVOKE CREATE ON SCHEMA gridmap, public FROM {app}, PUBLIC",
    ),
}


def check_roles(connection: Connection) -> Iterator[Finding]:
    """Whether the app role can do no more than serve."""
    if _text(connection, "SELECT count(*) FROM pg_roles WHERE rolname = ANY(%s)", [APP, OWNER]) != "2":
        yield Finding("rights", False, f"the roles {OWNER} and {APP} are not both there", "Run: gridmap db bootstrap")
        return
    excess = 0
    for says, (query, way_out) in _EXCESS.items():
        row = connection.execute(query, {"app": APP}).fetchone()
        if row and row[0]:
            excess += 1
            yield Finding("rights", False, f"{APP} {says}", way_out.format(app=APP, owner=OWNER))
    if not excess:
        yield Finding("rights", True, f"{APP} owns nothing and cannot go round row security")


def check_functions(connection: Connection) -> Iterator[Finding]:
    """Whether functions that run with their owner's rights pin their search path, so that nobody can mislead them."""
    rows = connection.execute(
        "SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.prosecdef"
        " AND p.pronamespace = to_regnamespace('gridmap')"
        " AND NOT EXISTS (SELECT FROM unnest(p.proconfig) setting WHERE setting LIKE 'search\\_path=%')"
    ).fetchall()
    for (function,) in rows:
        yield Finding("functions", False, f"{function} has no fixed search path", "Restore the last backup")
    if not rows:
        yield Finding("functions", True, "those with their owner's rights have a fixed search path")


def check_sign_in(superuser: Connection) -> Iterator[Finding]:
    """Whether the private server trusts nobody; needs a superuser."""
    rows = superuser.execute(
        "SELECT line_number, auth_method FROM pg_hba_file_rules"
        " WHERE auth_method IS NULL OR auth_method NOT IN ('peer', 'scram-sha-256', 'reject')"
    ).fetchall()
    for line, method in rows:
        way_out = "Run: gridmap db stop, then gridmap db start"
        yield Finding("sign-in rules", False, f"line {line} of pg_hba.conf lets people in by {method!r}", way_out)
    if not rows:
        yield Finding("sign-in rules", True, "peer on the socket, scram on the port, nobody is trusted")


def _text(connection: Connection, query: LiteralString, *values: object) -> str:
    row = connection.execute(query, values).fetchone()
    return str(row[0]) if row else ""
