"""PostgreSQL's settings and who may sign in, written at every start."""

import os
from pathlib import Path

from gridmap.cluster.bootstrap import APP, DATABASE, OWNER
from gridmap.cluster.identity import Crew, is_root, user_of
from gridmap.cluster.layout import Layout

MB = 1024 * 1024
INITDB_OPTIONS = (
    "--encoding=UTF8",
    "--locale=C.UTF-8",
    "--data-checksums",
    "--auth-local=peer",
    "--auth-host=scram-sha-256",
    "--no-instructions",
)
INCLUDE = "include 'gridmap.conf'"

# the only two ways in; nobody is ever trusted
SIGN_IN = f"""\
# written by gridmap at every start
# TYPE  DATABASE   USER  ADDRESS        METHOD
local   all        all                  peer map=gridmap
host    {DATABASE}    all   127.0.0.1/32   scram-sha-256
"""


def memory_bytes() -> int:
    """The machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def settings(layout: Layout, port: int, memory: int) -> dict[str, str]:
    """PostgreSQL's settings on a machine with `memory` bytes; sizes end in MB."""
    shared = min(512, memory // (4 * MB))
    return {
        "port": str(port),
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": str(layout.sockets),
        "unix_socket_permissions": "0777",
        "max_connections": "100",
        "shared_buffers": f"{shared}MB",
        "effective_cache_size": f"{max(128, memory // (2 * MB))}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": f"{max(32, shared // 4)}MB",
        "max_wal_size": "1GB",
        "random_page_cost": "1.1",
        "jit": "off",
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "password_encryption": "scram-sha-256",
        "log_checkpoints": "off",
        "log_line_prefix": "%m [%p] %q%u ",
        "log_timezone": "Asia/Shanghai",
        "timezone": "Asia/Shanghai",
        # people's data must not end up in a log: neither statements with literals nor the row of a conflict
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
    }


def sign_in_map(crew: Crew) -> str:
    """Which operating system user may become which role: the server the app role only, where it is apart."""
    full = {crew.keeper.name, crew.steward.name} | ({user_of(0).name} if is_root() else set())
    rows = [(name, role) for name in sorted(full) for role in (APP, OWNER, "postgres")]
    if crew.is_apart:
        rows.append((crew.web.name, APP))
    return "".join(f'gridmap  "{name}"  {role}\n' for name, role in rows)


def write(layout: Layout, crew: Crew, port: int) -> None:
    """Writes settings, sign-in rules and the map into the data folder, owned by its keeper."""
    values = settings(layout, port, memory_bytes())
    lines = "".join(f"{name} = '{_quoted(value)}'\n" for name, value in values.items())
    _write(layout.data / "gridmap.conf", "# written by gridmap at every start; tune with ALTER SYSTEM\n" + lines, crew)
    _write(layout.data / "pg_hba.conf", SIGN_IN, crew)
    _write(layout.data / "pg_ident.conf", "# written by gridmap at every start\n" + sign_in_map(crew), crew)
    main = layout.data / "postgresql.conf"
    text = main.read_text()
    if INCLUDE not in text:
        _write(main, f"{text}\n{INCLUDE}\n", crew)


def _quoted(value: str) -> str:
    return value.replace("'", "''")


def _write(path: Path, text: str, crew: Crew) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.chmod(0o600)
    if is_root():
        os.chown(fresh, crew.keeper.uid, crew.keeper.gid)
    fresh.replace(path)
