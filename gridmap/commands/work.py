"""`gridmap work`: background jobs as the app role, and the nightly round with its backup."""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import click
import psycopg

from gridmap.accounts import actor
from gridmap.clock import OFFICE, Clock, parse_clock, real_now
from gridmap.cluster import Access, ClusterError, find_access
from gridmap.cluster.backup import backup, rotate
from gridmap.cluster.identity import is_root
from gridmap.cluster.layout import real_home
from gridmap.commands.serve import STEPPED_DOWN, ending_with_parent, open_the_way, server_environment, stepping_down
from gridmap.db import Database
from gridmap.incidents.escalating import escalate_due
from gridmap.jobs import Worker, run_next
from gridmap.load.uploads import import_worker, undo_worker
from gridmap.load.uploads.states import IMPORT, UNDO
from gridmap.nightly import run_nightly
from gridmap.read.files.later import KIND as EXPORT
from gridmap.read.files.later import Exporter
from gridmap.settings import Settings

PAUSE_SECONDS = 1.0
NIGHTLY_HOUR = 2


def workers(database: Database, home: Path, clock: Clock) -> Mapping[str, Worker]:
    """Kind of job → what does it."""
    return {
        IMPORT: import_worker(database, home, clock),
        UNDO: undo_worker(database, clock),
        EXPORT: Exporter(database=database, home=real_home(home), clock=clock),
    }


log = logging.getLogger("gridmap.work")


@click.command()
@click.option("--jobs-only", is_flag=True, help="No nightly round: jobs alone, as the app role.")
@click.option("--with-parent", is_flag=True, help="End when the process that started this one ends.")
@click.pass_obj
def work(settings: Settings, *, jobs_only: bool, with_parent: bool) -> None:
    """Do background work until stopped: jobs as they come, and the round of the night with its backup."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    try:
        access = find_access(settings, start=STEPPED_DOWN not in os.environ)
        if jobs_only or STEPPED_DOWN in os.environ:
            do_jobs(settings, access)
        else:
            keep_house(settings, access, os.getppid() if with_parent else None)
    except (ClusterError, psycopg.Error) as error:
        raise click.ClickException(str(error).strip()) from None


def do_jobs(settings: Settings, access: Access) -> None:
    """Take job after job, and round off each night; ends with the process."""
    database = Database(access.app_url, prepares=settings.prepares)
    night, minute = next_night(), real_now()
    pause = threading.Event()
    clock = parse_clock(settings.clock)
    known = workers(database, settings.home, clock)
    while True:
        try:
            while run_next(database, known):
                pass
            if real_now() >= minute:
                minute = real_now() + timedelta(minutes=1)
                escalate_due(database, actor(clock))
            if real_now() >= night:
                night = next_night()
                for title, count in run_nightly(
                    database, real_now(), parse_clock(settings.clock), home=settings.home
                ).items():
                    log.info("%s: %s", title, count)
        except psycopg.Error as error:
            log.warning("the database does not answer, trying again: %s", type(error).__name__)
        except Exception:
            log.exception("a job failed")
        pause.wait(PAUSE_SECONDS)


def keep_house(settings: Settings, access: Access, parent: int | None) -> None:
    """Keep a worker without the owner's rights running, and back up every night with them; ends with `parent`.

    The parent is asked after, because one that has stepped down may not signal a process that has not.
    """
    worker = start_worker(settings, access)
    night = next_night()
    try:
        while parent is None or os.getppid() == parent:
            try:
                worker.wait(timeout=2)
                log.warning("the worker has ended, starting it again")
                worker = start_worker(settings, access)
            except subprocess.TimeoutExpired:
                if real_now() >= night:
                    night = next_night()
                    back_up(access)
    finally:
        worker.terminate()


def start_worker(settings: Settings, access: Access) -> "subprocess.Popen[bytes]":
    """The process that does the jobs: under root it steps down, like the server."""
    start = [sys.executable, "-c", "from gridmap.commands import main; main()", "work", "--jobs-only"]
    # a change of user clears the signal, so stepping down comes first
    command = ending_with_parent(start)
    if is_root():
        open_the_way(settings, access)
        command = stepping_down(access.web, command, keeps_low_port=False)
    return subprocess.Popen(command, env=server_environment(settings, access), cwd="/")


def back_up(access: Access) -> None:
    """The nightly backup; a failure is written down and tried again the next night."""
    try:
        made = backup(access.home, access.full_url, steward=access.steward)
        rotate(access.home / "backups")
        log.info("backup written: %s", made)
    except (ClusterError, OSError, psycopg.Error) as error:
        log.warning("the nightly backup failed: %s", error)


def next_night() -> datetime:
    """The next half past two in the office's time."""
    local = real_now().astimezone(OFFICE)
    night = local.replace(hour=NIGHTLY_HOUR, minute=30, second=0, microsecond=0)
    return night if night > local else night + timedelta(days=1)
