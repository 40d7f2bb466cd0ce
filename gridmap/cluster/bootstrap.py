"""What a superuser does once in a database: roles, extensions, schema, rights, and the leakproof mark.

The private cluster runs it at every start (each statement may be repeated); `gridmap db bootstrap --print` hands
the same text to the administrator of an own server.
"""

import psycopg
from psycopg import sql

OWNER = "gridmap_owner"
APP = "gridmap_app"
SCHEMA = "gridmap"
DATABASE = "gridmap"

ROLES = """\
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gridmap_owner') THEN
        CREATE ROLE gridmap_owner NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gridmap_app') THEN
        CREATE ROLE gridmap_app NOLOGIN;
    END IF;
END $$;
-- the owner migrates, backs up and loads the demo; the app serves, and row-level security holds for it
ALTER ROLE gridmap_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION BYPASSRLS;
ALTER ROLE gridmap_app NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOINHERIT;
ALTER ROLE gridmap_owner SET search_path = gridmap, public;
ALTER ROLE gridmap_app SET search_path = gridmap, public;
ALTER ROLE gridmap_owner SET timezone = 'Asia/Shanghai';
ALTER ROLE gridmap_app SET timezone = 'Asia/Shanghai';
"""

EXTENSIONS = """\
CREATE EXTENSION IF NOT EXISTS postgis SCHEMA public;
CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA public;
CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;
"""

RIGHTS = """\
CREATE SCHEMA IF NOT EXISTS gridmap AUTHORIZATION gridmap_owner;
ALTER SCHEMA gridmap OWNER TO gridmap_owner;
GRANT USAGE ON SCHEMA gridmap TO gridmap_app;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
DO $$ BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT, TEMPORARY, CREATE ON DATABASE %I TO gridmap_owner', current_database());
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO gridmap_app', current_database());
END $$;
"""

LEAKPROOF = """\
-- a bounding-box test that tells nothing about hidden rows; without the mark, row-level security
-- keeps the spatial index from being used (a city tile: 245 ms instead of 11 ms)
ALTER FUNCTION public.geometry_overlaps(public.geometry, public.geometry) LEAKPROOF;
"""

OPEN = """\
-- last, so that the app role can sign in only when all of the above is in place
ALTER ROLE gridmap_app LOGIN;
"""

PARTS = (ROLES, EXTENSIONS, RIGHTS, LEAKPROOF, OPEN)

IS_LEAKPROOF = """\
SELECT bool_and(p.proleakproof)
FROM pg_operator o JOIN pg_proc p ON p.oid = o.oprcode
WHERE o.oprname = '&&' AND o.oprleft = to_regtype('public.geometry') AND o.oprright = o.oprleft
"""


def bootstrap_sql() -> str:
    """The whole text, for psql in the new database, run by a superuser; may be repeated."""
    return (
        "-- gridmap: run once by a superuser in gridmap's database, for example\n"
        "--   createdb -E UTF8 -T template0 gridmap && psql -d gridmap -f bootstrap.sql\n"
        "-- then give both roles a password: \\password gridmap_owner  and  \\password gridmap_app\n\n"
        + "\n".join(PARTS)
    )


def bootstrap(conninfo: str) -> None:
    """Runs all of it in the database of `conninfo`, as a superuser, in one transaction."""
    with psycopg.connect(conninfo) as connection:
        for part in PARTS:
            connection.execute(part)


def mark_leakproof(conninfo: str) -> None:
    """Marks `&&` leakproof again, after a restore or an update of PostGIS; needs a superuser."""
    with psycopg.connect(conninfo) as connection:
        connection.execute(LEAKPROOF)


def is_leakproof(connection: psycopg.Connection) -> bool:
    """Whether `&&` on geometries may use an index under row-level security."""
    row = connection.execute(IS_LEAKPROOF).fetchone()
    return bool(row and row[0])


def set_password(conninfo: str, role: str, password: str) -> None:
    """Sets a role's password; it is hashed here, so that it never appears in the server's log."""
    with psycopg.connect(conninfo) as connection:
        hashed = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(hashed)))


def old_extensions(connection: psycopg.Connection) -> list[tuple[str, str, str]]:
    """(name, version in the database, version installed) of the extensions that can be updated."""
    return connection.execute(
        "SELECT name, installed_version, default_version FROM pg_available_extensions"
        " WHERE name = ANY(%s) AND installed_version <> default_version ORDER BY name",
        [["postgis", "btree_gist", "pg_trgm"]],
    ).fetchall()


def update_extensions(conninfo: str) -> None:
    """Updates the extensions of which a newer version is installed. Needs a superuser."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for name, _, _ in old_extensions(connection):
            connection.execute(sql.SQL("ALTER EXTENSION {} UPDATE").format(sql.Identifier(name)))


def revision_of(connection: psycopg.Connection) -> str | None:
    """The revision of the tables, or None before the first migration. Needs the owner or a superuser."""
    table = connection.execute("SELECT to_regclass('gridmap.alembic_version')::text").fetchone()
    if table is None or table[0] is None:
        return None
    row = connection.execute("SELECT version_num FROM gridmap.alembic_version").fetchone()
    return row[0] if row else None
