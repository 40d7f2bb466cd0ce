"""Starting PostgreSQL's main process and telling whether it runs; never removes its pid file."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from gridmap.cluster.errors import ClusterError
from gridmap.cluster.identity import OsUser, run_as
from gridmap.cluster.programs import Programs

# old backends keep the shared memory for some seconds after a kill; PostgreSQL must not start before they are gone
BUSY = ("pre-existing shared memory block", 'lock file "postmaster.pid" already exists', "is still in use")
PORT_TAKEN = ("could not create any TCP/IP sockets", "could not bind IPv4 address", "Address already in use")
DISK_FULL = ("No space left on device",)
RECOVERY_SECONDS = 600
"""Crash recovery after a long import may take minutes; PostgreSQL is alive all the while."""

# the shell leaves PostgreSQL behind in its own session, as pg_ctl does, and prints its process id
_LEAVE_BEHIND = 'log=$1; shift; "$@" </dev/null >>"$log" 2>&1 & echo $!'


@dataclass(frozen=True)
class PidFile:
    """What PostgreSQL wrote about itself: process, port, and `ready` when it answers."""

    pid: int
    port: int | None
    state: str


def read_pid_file(data: Path) -> PidFile | None:
    """The pid file of the data folder, or None without one (or with one that is being written)."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not lines or not lines[0].strip().lstrip("-").isdigit():
        return None
    port = int(lines[3]) if len(lines) > 3 and lines[3].isdigit() else None
    return PidFile(abs(int(lines[0])), port, lines[7].strip() if len(lines) > 7 else "")


def command_of(pid: int) -> list[str]:
    """The command line of a process; empty when it is gone."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [os.fsdecode(part) for part in raw.split(b"\0") if part]


def running_pid(data: Path) -> int | None:
    """The process id of the PostgreSQL that runs on `data`, or None; a stale pid file is seen through."""
    kept = read_pid_file(data)
    if kept is None:
        return None
    command = command_of(kept.pid)
    is_ours = bool(command) and Path(command[0]).name == "postgres" and str(data) in command
    return kept.pid if is_ours else None


def _stale_pid(data: Path) -> int | None:
    """The number in a pid file that now belongs to a living process which is not PostgreSQL at all."""
    kept = read_pid_file(data)
    command = command_of(kept.pid) if kept else []
    return kept.pid if kept and command and not Path(command[0]).name.startswith("postgres") else None


def launch(programs: Programs, data: Path, log: Path, keeper: OsUser) -> int:
    """Starts PostgreSQL on `data` as `keeper`; returns its process id at once.

    A recycled process id in the pid file would make PostgreSQL refuse; naming it as the "grandparent" lets
    PostgreSQL itself take the file over, with its own check that no old server holds the shared memory.
    """
    stale = _stale_pid(data)
    environment = {"PG_GRANDPARENT_PID": str(stale)} if stale else {}
    command = ["/bin/sh", "-c", _LEAVE_BEHIND, "sh", str(log), programs.path("postgres"), "-D", str(data)]
    done = run_as(keeper, command, environment=environment, own_session=True, timeout=30)
    if done.returncode != 0 or not done.stdout.strip().isdigit():
        raise ClusterError(f"PostgreSQL could not be started as {keeper.name}: {done.stderr.strip()}")
    return int(done.stdout)


def is_alive(pid: int) -> bool:
    """Whether the process exists and has not ended (an ended one may wait for its parent to look)."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def wait_until_ready(pid: int, data: Path) -> bool:
    """Waits until that process answers (True) or has ended (False); raises ClusterError after ten minutes."""
    deadline = time.monotonic() + RECOVERY_SECONDS
    while time.monotonic() < deadline:
        kept = read_pid_file(data)
        if kept and kept.pid == pid and kept.state == "ready":
            return True
        if not is_alive(pid):
            return False
        time.sleep(0.03)
    raise ClusterError("PostgreSQL is still recovering after ten minutes; look into its log, and wait")
