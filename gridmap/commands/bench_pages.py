"""`gridmap bench pages`: how fast and how light the pages are, each figure beside its bar."""

import json

import click
import psycopg

from gridmap.cluster import ClusterError, find_access
from gridmap.db import Database
from gridmap.settings import Settings

PLAYWRIGHT = "Pages are measured in a browser that playwright drives: pip install playwright, and Debian's chromium."


@click.command()
@click.option("--user", default="leader", show_default=True, help="Who opens the street map at a desk.")
@click.option("--worker", default="worker", show_default=True, help="Who opens the pages on a phone.")
@click.option("--manager", default="manager", show_default=True, help="Who opens them beside the worker.")
@click.option("--runs", default=5, show_default=True, type=click.IntRange(1, 100), help="Visits of each page.")
@click.option("--only", default="", help="Only pages whose title holds these words.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON instead of the table.")
@click.pass_obj
def pages(settings: Settings, user: str, worker: str, manager: str, runs: int, only: str, *, as_json: bool) -> None:
    """Pages: the street map at a desk, the daily pages on a slow phone, in headless Chromium.

    Starts a server of its own on a free port beside the running database. Best with `gridmap demo --scale city`.
    """
    try:
        from gridmap.bench.browser import chromium
        from gridmap.bench.pages import PageBench, phone_pages
    except ImportError:
        raise click.ClickException(PLAYWRIGHT) from None
    from gridmap.bench.figures import lines
    from gridmap.bench.server import BenchProblem, running, sign_in

    try:
        access = find_access(settings)
        database = Database(access.app_url, prepares=settings.prepares)
        try:
            viewers = {name: sign_in(settings, database, name) for name in dict.fromkeys((user, worker, manager))}
            phone = phone_pages(database, {name: viewers[name][0] for name in (worker, manager)})
            cookies = {name: f"gridmap={secret}" for name, (_viewer, secret) in viewers.items()}
            with running(settings, access.app_url, viewers[user][1]) as server, chromium() as browser:
                run = PageBench(server=server, browser=browser, cookies=cookies, say=_say)
                figures = run.run(user, phone, runs, only)
        finally:
            database.close()
    except (ClusterError, BenchProblem, psycopg.Error) as error:
        raise click.ClickException(str(error).strip()) from None
    found = [one.as_json() for one in figures]
    click.echo(json.dumps(found, ensure_ascii=False) if as_json else "\n".join(lines(figures)))


def _say(words: str) -> None:
    click.echo(f"· {words}", err=True)
