"""`gridmap assign`: who looks after what as Excel, out and in again, and proposals; writes only with `--commit`."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from gridmap.analysis.matching import SolverMissing
from gridmap.audit import write_audit
from gridmap.commands.acting import Opened, opened
from gridmap.db.pools import Connection
from gridmap.layer import ON_DUTY, Role
from gridmap.people import ChangeConflict, ChangeRefused, PeopleProblem, attempt
from gridmap.people.giving import RoleFacts, apply_change, role_facts
from gridmap.people.giving.choices import Where, places_for
from gridmap.people.giving.differences import Difference, differences, export_rows, moves_of
from gridmap.people.giving.proposing import MOST_PLACES, Line, Proposal, Wish, propose
from gridmap.people.giving.sheets import SheetRow, UnreadableSheet, read_sheet, write_sheet
from gridmap.scope import Viewer
from gridmap.settings import Settings

PROBLEMS = {
    "empty": "there is no place to give",
    "many": "that is more than can change at once",
    "street": "the places lie in several streets",
    "place": "no such place of that code for the role",
    "role": "the role is not held at this kind of place",
    "stairwells": "the building has stairwells: the role is held at each of them",
    "unit": "no such household in the place",
    "household": "single households are given by hand",
    "person": "nobody of that number in the street",
    "left": "the person has left",
    "twice": "the place stands in the file twice",
    "nothing": "nothing would change",
    "why": "--why is too long",
    "role_word": "no such role",
    "hand_word": "neither first-hand nor deputy",
    "seen_word": "the state when exported was changed; export anew",
    "person_unknown": "nobody of this name in the street",
    "person_unclear": "several people have this name: write the number too",
    "workbook": "this is not an Excel workbook (.xlsx) that can be read",
    "headings": "no sheet has the headings of an export",
    "large": "the workbook has more than 20,000 rows",
    "away": "away for more than a month",
    "organisation": "not of an organisation whose people take this role",
    "elsewhere": "serves another community",
    "company": "of a property company that does not manage this estate",
    "full": "has as many places as one person should have",
    "kept": "the present holder stays unless somebody is much nearer",
}
MOST_SHOWN = 20
street_option = click.option("--street", "street_code", required=True, help="The street, by its 9-digit code.")
user_option = click.option("--user", metavar="USERNAME", help="As this account; otherwise all places, names masked.")


@click.group()
def assign() -> None:
    """Who looks after what: as Excel, and proposals."""


@assign.command("export")
@street_option
@click.option("--role", "role_code", help="Only this role, with the places that nobody holds.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The .xlsx file to write.")
@user_option
@click.pass_obj
def export_command(settings: Settings, street_code: str, role_code: str | None, output: Path, user: str | None) -> None:
    """Write the assignments of a street into an Excel workbook. Every export is in the audit log."""
    if output.suffix.lower() != ".xlsx":
        raise click.ClickException(f"{output}: name the file .xlsx")
    with _opened(settings, user) as opened, opened.database.transaction(opened.prologue) as connection:
        street, by = _street(connection, street_code), opened.by
        role = _role(connection, role_code) if role_code else None
        rows = export_rows(connection, street, by.business_at, "zh", role=role, masked=opened.viewer is None)
        write_audit(
            connection,
            action="export",
            subject="assignments",
            street_id=street,
            business_at=by.business_at,
            account_id=by.account_id,
            after={"format": "xlsx", "rows": len(rows), "role": role_code, "target": output.name},
        )
        output.write_bytes(write_sheet(rows, "zh"))
    click.echo(f"{len(rows):,} rows → {output}", err=True)


@assign.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@street_option
@click.option("--why", default="", help="Why, kept with the change.")
@click.option("--commit", is_flag=True, help="Write, as one change. Without it nothing is written.")
@user_option
@click.pass_obj
def import_command(
    settings: Settings, file: Path, street_code: str, why: str, user: str | None, *, commit: bool
) -> None:
    """Compare an exported and edited workbook FILE with what is there, row by row; with --commit write it."""
    rows = read_sheet_of(file)
    with _opened(settings, user) as opened:
        with opened.database.transaction(opened.prologue) as connection:
            found = differences(connection, _street(connection, street_code), rows, opened.by.business_at)
        _tell_differences(found)
        moves = moves_of(found)
        if not commit:
            click.echo("Nothing was written; add --commit to write.")
            return
        if not moves:
            click.echo("There was nothing to write.")
            return
        by = opened.by
        made = attempt(
            opened.database,
            opened.prologue,
            lambda connection: apply_change(connection, by, moves, why=why or f"Excel: {file.name}", kind="import"),
        )
    click.echo(f"Written as change {made.change_id}.")


@assign.command("propose")
@street_option
@click.option("--role", "role_code", required=True, help="The role, by its code, such as building_manager.")
@click.option("--estate", "estate_code", help="Only the places of this estate, by its code.")
@click.option("--capacity", type=click.IntRange(1, 1000), help="Places that one person should have at most.")
@click.option("--all", "everything", is_flag=True, help="Places that somebody holds too, not only vacant ones.")
@user_option
@click.pass_obj
def propose_command(
    settings: Settings,
    street_code: str,
    role_code: str,
    estate_code: str | None,
    capacity: int | None,
    user: str | None,
    *,
    everything: bool,
) -> None:
    """Say who could take which places: residents first, then the shortest walks. Writes nothing."""
    with _opened(settings, user) as opened, opened.database.transaction(opened.prologue) as connection:
        street, by = _street(connection, street_code), opened.by
        role = _role(connection, role_code)
        where = Where(street=street, estate=_estate(connection, street, estate_code) if estate_code else None)
        wish = Wish(
            street=street,
            role=role,
            choices=places_for(connection, role, where, by.business_at, MOST_PLACES + 1),
            capacity=capacity,
            only_vacant=not everything,
        )
        found = propose(connection, by, wish)
        masks = {} if opened.viewer else _masks(connection, street, found)
    for line in found.lines:
        click.echo(_said(line, masks))
    for left in found.nobody:
        reason = "nobody may take it" if left.reason == "unfit" else "everybody who may has enough"
        click.echo(f"nobody     {left.place.code} {left.place.name}: {reason}")
    kinds = Counter(line.kind for line in found.lines)
    click.echo(
        f"given {kinds['given']}, moved {kinds['moved']}, kept {kinds['kept']}, nobody {len(found.nobody)};"
        f" {found.metres:,} m to walk, at most {found.capacity} places each"
    )


def read_sheet_of(file: Path) -> list[SheetRow]:
    """The rows of the workbook."""
    try:
        return read_sheet(file.read_bytes())
    except UnreadableSheet as problem:
        raise click.ClickException(f"{file.name}: {PROBLEMS[problem.reason]}") from None


@contextmanager
def _opened(settings: Settings, username: str | None) -> Iterator[Opened]:
    try:
        with opened(settings, username) as found:
            if found.viewer and not _leads(found.viewer):
                raise click.ClickException(f"The account {username!r} does not lead any area")
            yield found
    except ChangeConflict as problem:
        first = problem.conflicts[0]
        raise click.ClickException(
            f"Nothing was written: {first.place} is held by {first.holder or 'nobody'} now; compare again"
        ) from None
    except ChangeRefused as problem:
        raise click.ClickException(f"Nothing was written: {PROBLEMS.get(problem.reason, problem.reason)}") from None
    except PeopleProblem as problem:
        raise click.ClickException(PROBLEMS.get(problem.reason, problem.reason)) from None
    except SolverMissing:
        raise click.ClickException("Proposals need OR-Tools: pip install 'gridmap[assign]'") from None


def _leads(viewer: Viewer) -> bool:
    return Role.LEADER in viewer.roles and viewer.reading_roles <= ON_DUTY


def _street(connection: Connection, code: str) -> int:
    row = connection.execute("SELECT id FROM gridmap.street WHERE code = %s", (code,)).fetchone()
    if row is None:
        raise click.ClickException(f"There is no street with the code {code}")
    street: int = row["id"]
    return street


def _estate(connection: Connection, street: int, code: str) -> int:
    row = connection.execute(
        "SELECT id FROM gridmap.place WHERE street_id = %s AND kind = 'estate' AND code = %s", (street, code)
    ).fetchone()
    if row is None:
        raise click.ClickException(f"There is no estate with the code {code} in the street")
    estate: int = row["id"]
    return estate


def _role(connection: Connection, code: str) -> RoleFacts:
    found = role_facts(connection)
    if code not in found:
        raise click.ClickException(f"There is no role {code!r}; there are {', '.join(found)}")
    return found[code]


def _masks(connection: Connection, street: int, found: Proposal) -> dict[int, str]:
    people = {line.person.id for line in found.lines}
    rows = connection.execute(
        "SELECT id, name_masked FROM gridmap.person WHERE street_id = %s AND id = ANY (%s)", (street, sorted(people))
    )
    return {row["id"]: row["name_masked"] for row in rows}


def _said(line: Line, masks: dict[int, str]) -> str:
    name = masks.get(line.person.id, line.person.name)
    walk = "walk unknown" if line.metres is None else f"{line.metres} m, no. {line.rank}"
    walk = "lives here" if line.lives_here else walk
    over = "".join(f"; {one.metres} m nearer one: {PROBLEMS[one.reason]}" for one in line.passed_over[:1])
    load = f"{line.load_before} → {line.load_after}"
    return f"{line.kind:<10} {line.place.code} {line.place.name} → {name} ({walk}, places {load}{over})"


def _tell_differences(found: list[Difference]) -> None:
    for outcome in ("refused", "conflict", "added", "moved", "ended"):
        rows = [one for one in found if one.outcome == outcome]
        for one in rows[:MOST_SHOWN]:
            click.echo(f"{outcome:<10} row {one.row.number}: {one.row.code} {one.row.place} {_why(one)}")
        if len(rows) > MOST_SHOWN:
            click.echo(f"{outcome:<10} … and {len(rows) - MOST_SHOWN} more")
    counts: Counter[str] = Counter(one.outcome for one in found)
    words = ("added", "moved", "ended", "unchanged", "refused", "conflict")
    click.echo(", ".join(f"{word} {counts[word]}" for word in words))


def _why(one: Difference) -> str:
    if one.reason:
        return f"({PROBLEMS.get(one.reason, one.reason)})"
    if one.conflict is not None:
        return "(somebody has changed it since)"
    return ""
