"""`gridmap serve`: the web server, which steps down from root before it opens its door."""

import ipaddress
import os
import shutil
import socket
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click
import psycopg

from gridmap.cluster import Access, ClusterError, find_access, refuse_pooler
from gridmap.cluster.bootstrap import revision_of
from gridmap.cluster.identity import OsUser, is_root
from gridmap.cluster.passage import let_through, may_read
from gridmap.settings import Settings, load_settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

WORKERS = 2
THREADS = min(8, 2 * (os.cpu_count() or 1) + 1)
BACKLOG = 1024
STEPPED_DOWN = "GRIDMAP_STEPPED_DOWN"
"""Set in the environment of the process that serves, so that it steps down once."""


@click.command()
@click.option("--workers", default=WORKERS, show_default=True, help="Processes that answer.")
@click.option("--threads", default=THREADS, show_default=True, help="Requests that one process answers at a time.")
@click.pass_obj
def serve(settings: Settings, workers: int, threads: int) -> None:
    """Serve the pages and the API until stopped (Ctrl-C or SIGTERM)."""
    try:
        refuse_open_door(settings)
        refuse_taken_port(settings)
        if STEPPED_DOWN not in os.environ:
            access = find_access(settings)
            refuse_other_revision(access)
            if settings.database_url:
                refuse_pooler(settings.database_url, prepares=settings.prepares)
            step_down(settings, access, ["serve", "--workers", str(workers), "--threads", str(threads)])
    except (ClusterError, psycopg.Error) as error:
        raise click.ClickException(str(error).strip()) from None
    run_server(settings, workers, threads)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def refuse_open_door(settings: Settings) -> None:
    """Raises ClickException where passwords would travel unencrypted, or where a certificate lacks its key."""
    if bool(settings.tls_certificate) != bool(settings.tls_key):
        raise click.ClickException("GRIDMAP_TLS_CERT and GRIDMAP_TLS_KEY belong together; set both")
    if is_loopback(settings.host) or settings.tls_certificate or settings.trusted_proxy:
        return
    raise click.ClickException(
        f"Plain HTTP is served on this machine only, and GRIDMAP_HOST is {settings.host}. Set GRIDMAP_TLS_CERT and "
        "GRIDMAP_TLS_KEY, or GRIDMAP_TRUSTED_PROXY to the address of the reverse proxy in front (docs/deploy.md)"
    )


def refuse_taken_port(settings: Settings) -> None:
    """Raises ClickException when another program listens at the address, or it is not this machine's."""
    host = "127.0.0.1" if settings.host == "localhost" else settings.host
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, settings.port))
        except OSError as error:
            raise click.ClickException(
                f"gridmap cannot listen at {host} port {settings.port} ({error.strerror}). "
                "Stop the other program, or set GRIDMAP_PORT to another number"
            ) from None


def refuse_other_revision(access: Access) -> None:
    """Raises ClickException when the tables are not those of this version; an own server is believed."""
    from gridmap.db import expected_revision

    if not access.superuser_url:
        return
    with psycopg.connect(access.superuser_url) as connection:
        found = revision_of(connection)
    if found != expected_revision():
        raise click.ClickException("The tables are not those of this version of gridmap. Run: gridmap db upgrade")


def step_down(settings: Settings, access: Access, arguments: list[str]) -> None:
    """Becomes a fresh process of the web user, without the owner's connection in its environment.

    Under root it never returns: the new process has no privileges and cannot get any. Otherwise it returns
    unless the environment holds the owner's connection, which a server must not be able to read.
    """
    environment = server_environment(settings, access)
    again = [sys.executable, "-c", "from gridmap.commands import main; main()", *arguments]
    if is_root():
        refuse_closed_key(settings, access.web)
        for folder in open_the_way(settings, access):
            click.echo(f"{access.web.name} may now pass through {folder} (pass only, not list or read)", err=True)
        again = stepping_down(access.web, again, keeps_low_port=settings.port < 1024)
    elif "GRIDMAP_OWNER_URL" not in os.environ:
        return
    os.chdir("/")
    os.execve(again[0], again, environment)  # noqa: S606 - no shell is wanted


def server_environment(settings: Settings, access: Access) -> dict[str, str]:
    """The environment of the process that serves: the real folders, no secrets of the owner."""
    kept = {
        name: value for name, value in os.environ.items() if name not in {"GRIDMAP_OWNER_URL", "GRIDMAP_DEMO_PASSWORD"}
    }
    kept |= {"GRIDMAP_HOME": str(access.home), STEPPED_DOWN: "1"}
    if settings.tls_certificate and settings.tls_key:
        kept |= {"GRIDMAP_TLS_CERT": str(settings.tls_certificate), "GRIDMAP_TLS_KEY": str(settings.tls_key)}
    if is_root():
        kept |= {"HOME": "/nonexistent", "USER": access.web.name, "LOGNAME": access.web.name}
    return kept


def open_the_way(settings: Settings, access: Access) -> list[Path]:
    """Lets the web user reach program, Python and home; returns the folders that were closed to it."""
    places = [Path(sys.executable), Path(sys.prefix), Path(sys.base_prefix), Path(__file__), access.home]
    places += [path for path in (settings.tls_certificate, settings.tls_key) if path]
    return let_through([*places, *(place.resolve() for place in places)], access.web)


def refuse_closed_key(settings: Settings, web: OsUser) -> None:
    """Raises ClickException when the web user cannot read the certificate or its key."""
    for path in (settings.tls_certificate, settings.tls_key):
        if path and not may_read(path, web):
            raise click.ClickException(
                f"{web.name} may not read {path}. Run: chgrp {web.name} {path} && chmod 640 {path}"
            )


def stepping_down(user: OsUser, command: list[str], *, keeps_low_port: bool) -> list[str]:
    """The command line that runs `command` as `user` with nothing left of root, but for a port below 1024."""
    setpriv = shutil.which("setpriv", path="/usr/bin:/bin")
    if setpriv is None:
        raise ClusterError("setpriv is needed to step down from root. On Debian: apt-get install util-linux")
    left = "-all,+net_bind_service" if keeps_low_port else "-all"
    capabilities = [f"--inh-caps={left}", f"--ambient-caps={left}", f"--bounding-set={left}"]
    who = [f"--reuid={user.uid}", f"--regid={user.gid}", "--clear-groups", "--no-new-privs"]
    return [setpriv, *who, *capabilities, *command]


def ending_with_parent(command: list[str]) -> list[str]:
    """The command line that runs `command` until the process that started it ends, however it ends."""
    setpriv = shutil.which("setpriv", path="/usr/bin:/bin")
    return [setpriv, "--pdeathsig=TERM", *command] if setpriv else command


def run_server(settings: Settings, workers: int, threads: int) -> None:
    """Runs granian until it is stopped."""
    from granian.constants import Interfaces
    from granian.server import Server

    Server(
        "gridmap.commands.serve:application",
        factory=True,
        address="127.0.0.1" if settings.host == "localhost" else settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        backlog=BACKLOG,
        ssl_cert=settings.tls_certificate,
        ssl_key=settings.tls_key,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
    ).serve()


def application() -> "WSGIApplication":
    """The application of one worker, behind its reverse proxy where there is one."""
    from granian.utils.proxies import wrap_wsgi_with_proxy_headers

    from gridmap import create_app

    settings = load_settings()
    app: WSGIApplication = create_app(settings)
    if settings.trusted_proxy:
        app = wrap_wsgi_with_proxy_headers(app, settings.trusted_proxy)
        if not settings.tls_certificate and not is_loopback(settings.host):
            app = only_through_proxy(app, settings.trusted_proxy)
    return app


def only_through_proxy(app: "WSGIApplication", proxy: str) -> "WSGIApplication":
    """The application, closed to all but this host and `proxy`: addresses or networks, with commas between."""
    networks = [ipaddress.ip_network(part.strip(), strict=False) for part in proxy.split(",")]

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        peer = ipaddress.ip_address(environ["REMOTE_ADDR"])
        if peer.is_loopback or any(peer in network for network in networks):
            return app(environ, start_response)
        start_response("403 Forbidden", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"Plain HTTP is for the reverse proxy only; use the https address.\n"]

    return answer
