"""A workbook taken out, with its audit row."""

from dataclasses import dataclass
from datetime import date

from gridmap.accounts import Actor
from gridmap.audit import write_audit
from gridmap.db.pools import Connection
from gridmap.read.sheets.fields import Sheet
from gridmap.read.sheets.rows import read_lists, read_rows
from gridmap.read.sheets.writing import MOST_ROWS, TakenOut, write_sheet

NAMES = """
SELECT s.name AS street, c.name AS community FROM gridmap.street s
LEFT JOIN gridmap.community c ON c.street_id = s.id AND c.id = %(community)s WHERE s.id = %(street)s
"""


class TooMany(Exception):
    """More rows than a workbook holds."""

    def __init__(self, rows: int) -> None:
        super().__init__(rows)
        self.rows = rows


@dataclass(frozen=True, kw_only=True)
class Taken:
    """The workbook, and how many rows are in it."""

    content: bytes
    rows: int


def take_out(
    connection: Connection,
    by: Actor,
    sheet: Sheet,
    street: int,
    day: date,
    *,
    community: int | None = None,
    locale: str = "zh",
    reason: str | None = None,
    target: str = "",
) -> Taken:
    """The workbook of what the viewer sees of a street or community; people in clear with a `reason` alone.

    Raises TooMany.
    """
    clear = (reason or "").strip()[:200] or None if not sheet.place else None
    rows = read_rows(connection, sheet, street, by.business_at, community=community, locale=locale, reason=clear)
    if len(rows) > MOST_ROWS:
        raise TooMany(len(rows))
    names = connection.execute(NAMES, {"street": street, "community": community}).fetchone() or {}
    about = TakenOut(
        street=street,
        street_name=names.get("street") or "",
        day=day,
        community=community,
        community_name=names.get("community") or "",
        is_clear=clear is not None,
    )
    told = {"format": "xlsx", "rows": len(rows), "community": community, "is_clear": clear is not None}
    write_audit(
        connection,
        action="export",
        subject=sheet.kind,
        street_id=street,
        business_at=by.business_at,
        account_id=by.account_id,
        after=told | ({"target": target} if target else {}),
        why=clear,
    )
    return Taken(content=write_sheet(sheet, rows, read_lists(connection, street), about, locale), rows=len(rows))
