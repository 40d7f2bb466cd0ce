"""What a person said about the files of a source, kept with the import that used it and guessed the next time."""

from psycopg.types.json import Jsonb

from gridmap.accounts import Actor
from gridmap.coords import Datum
from gridmap.db.pools import Connection
from gridmap.load.check import Checked
from gridmap.load.remembered import Remembered

SAVE = """
INSERT INTO gridmap.import_source AS s (street_id, kind, source, columns, datum, dates, changed_at, changed_by)
VALUES (%(street)s, %(kind)s, %(source)s, %(columns)s, %(datum)s, %(dates)s, %(at)s, %(by)s)
ON CONFLICT (street_id, kind, source) DO UPDATE SET columns = s.columns || excluded.columns,
  datum = coalesce(excluded.datum, s.datum), dates = coalesce(excluded.dates, s.dates),
  changed_at = excluded.changed_at, changed_by = excluded.changed_by
"""


def read_source(connection: Connection, street_id: int | None, kind: str, source: str) -> Remembered:
    """What is remembered of a source in a street; nothing for a source that is new there."""
    row = connection.execute(
        "SELECT columns, datum, dates FROM gridmap.import_source WHERE (street_id, kind, source) = (%s, %s, %s)",
        (street_id, kind, source),
    ).fetchone()
    if row is None:
        return Remembered()
    return Remembered(row["columns"], Datum(row["datum"]) if row["datum"] else None, row["dates"])


def remember_source(connection: Connection, by: Actor, street_id: int, checked: Checked) -> None:
    """Keep what the person said about the file's source, in the transaction of its import."""
    options = checked.options
    if not (options.mapping or options.datum or options.dates):
        return
    connection.execute(
        SAVE,
        {
            "street": street_id,
            "kind": checked.kind.name,
            "source": options.source,
            "columns": Jsonb(dict(options.mapping)),
            "datum": options.datum.value if options.datum else None,
            "dates": options.dates,
            "at": by.business_at,
            "by": by.account_id,
        },
    )
