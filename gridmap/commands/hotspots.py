"""`gridmap hotspots`: search for hotspots now, and say what was found; the nightly round does it by itself."""

from collections.abc import Iterator
from datetime import date, datetime

import click

from gridmap.clock import parse_clock
from gridmap.commands.duties import street_option, streets, work
from gridmap.db.pools import Connection
from gridmap.hotspots import Spell, Subject, search, subjects_of
from gridmap.settings import Settings

FOUND = """
SELECT h.status, h.number, h.name, h.observed, h.expected, h.chance FROM gridmap.hotspot h
WHERE h.street_id = %s AND h.run_id = %s AND h.status IN ('area', 'repeat', 'busiest')
ORDER BY array_position(ARRAY['area', 'busiest', 'repeat'], h.status), h.number, h.observed DESC, h.id
"""
RUN = "SELECT exposure, cases, unexposed FROM gridmap.hotspot_run WHERE street_id = %s AND id = %s"
NAMES = "SELECT name FROM gridmap.street WHERE id = %s"


class SubjectWord(click.ParamType[Subject]):
    """A subject by its word."""

    name = "SUBJECT"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Subject:
        """The subject, or a usage error."""
        if isinstance(value, Subject):
            return value
        try:
            return Subject(str(value))
        except ValueError:
            self.fail(
                f"{value!r} is nothing that is searched; write parking_violation, long_stay, incident, or the code of"
                " a class (03) or kind (03001) of incidents",
                param,
                ctx,
            )


@click.command()
@street_option
@click.option("--subject", type=SubjectWord(), help="Only this; all that has cases enough if not given.")
@click.option(
    "--day", type=click.DateTime(["%Y-%m-%d"]), help="Over the days before this one; before today if not given."
)
@click.pass_obj
def hotspots(settings: Settings, street: str | None, subject: Subject | None, day: datetime | None) -> None:
    """Search for hotspots over the last 90 days; the same rows give the same findings, whoever asks when."""
    clock = parse_clock(settings.clock)
    until = min(day.date(), clock.today()) if day else clock.today()
    with work(settings) as connection:
        for street_id in streets(connection, street):
            for line in _search(connection, street_id, subject, until, clock.now()):
                click.echo(line)


def _search(
    connection: Connection, street_id: int, subject: Subject | None, until: date, found_at: datetime
) -> Iterator[str]:
    spell = Spell.before(until)
    row = connection.execute(NAMES, (street_id,)).fetchone()
    yield f"{(row or {})['name']}, {spell.begins} to {spell.ends}"
    for one in [subject] if subject else list(subjects_of(connection, street_id, spell)):
        run_id = search(connection, street_id, one, spell, found_at)
        run = connection.execute(RUN, (street_id, run_id)).fetchone() or {}
        compared = f"compared by {run['exposure']}" if run["exposure"] else "nothing to compare with: the busiest"
        yield f"  {one.code}: {run['cases']} cases, {run['unexposed']} beside, {compared}"
        for found in connection.execute(FOUND, (street_id, run_id)).fetchall():
            yield f"    {_words(found)}"


def _words(found: dict[str, object]) -> str:
    words = f"{found['status']} {found['number'] or ''} {found['name'] or ''}: {found['observed']}".replace("  ", " ")
    if found["expected"] is not None:
        words += f", expected {found['expected']}"
    return words + (f", chance {found['chance']}" if found["chance"] is not None else "")
