"""How a street reads the files of its hotline: mappings of columns, kept under a name."""

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg.types.json import Jsonb

from gridmap.accounts import Actor
from gridmap.audit import write_audit
from gridmap.db.pools import Connection
from gridmap.incidents.errors import IncidentProblem
from gridmap.plain import is_name

MOST_NAME = 60
SAVE = """
INSERT INTO gridmap.hotline_mapping AS m (street_id, id, name, columns, headings, changed_at, changed_by)
VALUES (%(street)s, %(street)s::bigint * 4294967296 + nextval('gridmap.serial'), %(name)s, %(columns)s, %(headings)s,
  %(now)s, %(account)s)
ON CONFLICT (street_id, name) DO UPDATE SET columns = excluded.columns, headings = excluded.headings,
  revision = m.revision + 1, changed_at = excluded.changed_at, changed_by = excluded.changed_by
RETURNING id
"""


def read_mappings(connection: Connection, street_id: int) -> list[dict[str, Any]]:
    """The mappings of a street, the last one used first."""
    return connection.execute(
        "SELECT id, name, columns, headings FROM gridmap.hotline_mapping WHERE street_id = %s"
        " ORDER BY changed_at DESC, id DESC",
        (street_id,),
    ).fetchall()


def save_mapping(
    connection: Connection, by: Actor, street_id: int, name: str, columns: Mapping[str, str], headings: Sequence[str]
) -> int:
    """Keep the mapping under its name, instead of what was kept so before, and give its id."""
    if not is_name(name.strip(), MOST_NAME):
        raise IncidentProblem("name")
    values = {
        "street": street_id,
        "name": name.strip(),
        "columns": Jsonb(dict(columns)),
        "headings": list(headings),
        "now": by.business_at,
        "account": by.account_id,
    }
    row = connection.execute(SAVE, values).fetchone()
    mapping_id = int((row or {})["id"])
    write_audit(
        connection,
        action="save_mapping",
        subject="hotline_mapping",
        subject_id=mapping_id,
        street_id=street_id,
        business_at=by.business_at,
        account_id=by.account_id,
        after={"name": name.strip(), "columns": dict(columns)},
    )
    return mapping_id
