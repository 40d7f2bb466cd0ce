"""The rows of a workbook as the register has them now, and the lists that its columns choose from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg import sql

from gridmap.db.pools import Connection
from gridmap.i18n import translate
from gridmap.read.order import natural_key
from gridmap.read.sheets.cells import cell_text
from gridmap.read.sheets.fields import Field, FieldType, Sheet

DETAILS: Mapping[str, Mapping[str, LiteralString]] = {
    "estate": {
        "management": "text",
        "property_id": "bigint",
        "origin": "text",
        "built_year": "smallint",
        "site_area_m2": "numeric(12, 2)",
        "floor_area_m2": "numeric(12, 2)",
        "declared_households": "integer",
        "declared_population": "integer",
        "declared_buildings": "integer",
        "declared_stairwells": "integer",
    },
    "building": {
        "kind": "text",
        "floors": "smallint",
        "floors_underground": "smallint",
        "built_year": "smallint",
        "height_m": "numeric(6, 1)",
        "declared_households": "integer",
        "declared_stairwells": "integer",
    },
    "facility": {"kind": "text", "state": "text", "installed_on": "date", "level": "smallint"},
}
"""Kind of place → what of the table beside `place` a workbook changes, and its type."""
PLACES = """
SELECT p.id, p.revision, p.changed_at, p.changed_by, p.code, p.name, p.aliases, p.address, {details},
  c.name AS community, g.code AS grid, e.name AS estate, {company} AS property,
  public.st_x(public.st_transform(p.label_3857, 4326)) AS lon,
  public.st_y(public.st_transform(p.label_3857, 4326)) AS lat
FROM gridmap.place p
JOIN gridmap.{table} d ON d.street_id = p.street_id AND d.place_id = p.id
LEFT JOIN gridmap.community c ON c.street_id = p.street_id AND c.id = p.community_id
LEFT JOIN gridmap.place g ON g.street_id = p.street_id AND g.id = p.grid_id
LEFT JOIN gridmap.place e ON e.street_id = p.street_id AND e.id = p.estate_id AND e.id <> p.id
WHERE p.street_id = %(street)s AND p.kind = %(kind)s AND upper_inf(p.valid)
  AND (%(community)s::bigint IS NULL OR p.community_id = %(community)s)
  AND (%(ids)s::bigint[] IS NULL OR p.id = ANY (%(ids)s))
ORDER BY p.id
"""
COMPANY = "(SELECT o.name FROM gridmap.organisation o WHERE o.id = d.property_id)"
LOCK = """
SELECT id FROM gridmap.{table} WHERE street_id = %(street)s AND id = ANY (%(ids)s) ORDER BY id FOR NO KEY UPDATE
"""
PEOPLE = """
SELECT n.id, n.revision, n.changed_at, n.changed_by, {name} AS name, n.display_name, {phone} AS phone,
  coalesce(g.code, c.code) AS belongs_to, coalesce(g.name, c.name) AS belongs_to_name, h.role, h.place_code
FROM gridmap.person n {unmasked}
LEFT JOIN gridmap.community c ON c.street_id = n.street_id AND c.id = n.community_id
LEFT JOIN gridmap.place g ON g.street_id = n.street_id AND g.id = n.grid_id
LEFT JOIN LATERAL (
  SELECT string_agg(DISTINCT r.{title}, '\u3001') AS role,
    CASE WHEN count(*) < 4 THEN string_agg(DISTINCT p.code, '\u3001') ELSE count(*)::text END AS place_code
  FROM gridmap.assignment a
  JOIN gridmap.duty_role r ON r.code = a.role
  LEFT JOIN gridmap.place p ON p.street_id = a.street_id AND p.id = a.place_id
  WHERE a.street_id = n.street_id AND a.person_id = n.id AND a.valid @> %(at)s::timestamptz
) h ON true
WHERE n.street_id = %(street)s AND (%(community)s::bigint IS NULL OR n.community_id = %(community)s)
  AND (%(ids)s::bigint[] IS NULL OR n.id = ANY (%(ids)s))
ORDER BY n.id
"""
UNMASKED = "CROSS JOIN LATERAL gridmap.unmask_person(n.street_id, n.id, %(reason)s, %(at)s) u"
COMPANIES = """
SELECT id, name FROM gridmap.organisation
WHERE kind = 'property_company' AND (street_id = %(street)s OR street_id IS NULL) ORDER BY id DESC
"""


@dataclass(frozen=True, kw_only=True)
class Lists:
    """What columns choose from: code → title in Chinese and in English, and the ids of property companies by name."""

    facility_kinds: Mapping[str, tuple[str, str]]
    roles: Mapping[str, tuple[str, str]]
    companies: Mapping[str, int]

    def titles(self, field: Field, locale: str) -> Mapping[str, str]:
        """Code → title of a coded column; of companies the name."""
        if field.codes is not None:
            return {code: translate(locale, title) for code, title in field.codes.items()}
        if field.listed_in == "companies":
            return {name: name for name in sorted(self.companies, key=natural_key)}
        listed = {"facility_kinds": self.facility_kinds, "roles": self.roles}.get(field.listed_in, {})
        return {code: titles[locale != "zh"] for code, titles in listed.items()}


def read_lists(connection: Connection, street: int) -> Lists:
    """The lists of the register that the street's workbooks choose from."""
    kinds = connection.execute("SELECT code, title, title_en FROM gridmap.facility_kind ORDER BY code").fetchall()
    roles = connection.execute("SELECT code, title, title_en FROM gridmap.duty_role ORDER BY sort, code").fetchall()
    companies = connection.execute(COMPANIES, {"street": street}).fetchall()
    return Lists(
        facility_kinds={row["code"]: (row["title"], row["title_en"]) for row in kinds},
        roles={row["code"]: (row["title"], row["title_en"]) for row in roles},
        companies={row["name"]: row["id"] for row in companies},
    )


def read_rows(
    connection: Connection,
    sheet: Sheet,
    street: int,
    at: datetime,
    *,
    community: int | None = None,
    ids: Sequence[int] | None = None,
    locale: str = "zh",
    reason: str | None = None,
) -> list[dict[str, Any]]:
    """The rows that the viewer sees, in the order in which people count; people in clear with a `reason` alone."""
    values = {"street": street, "kind": sheet.place, "community": community, "ids": ids, "at": at, "reason": reason}
    rows = connection.execute(_statement(sheet, locale, is_clear=reason is not None), values).fetchall()
    key = "code" if sheet.place else "display_name"
    return sorted(rows, key=lambda row: (natural_key(row[key] or ""), row["id"]))


def lock_rows(connection: Connection, sheet: Sheet, street: int, ids: Sequence[int]) -> None:
    """Keep these rows as they are until the transaction ends."""
    table = sql.Identifier("place" if sheet.place else "person")
    connection.execute(sql.SQL(LOCK).format(table=table), {"street": street, "ids": sorted(ids)})


def row_texts(sheet: Sheet, row: Mapping[str, Any], lists: Lists, locale: str) -> dict[str, str]:
    """The row as its cells say it."""
    return {
        field.name: cell_text(field, row[field.name], locale, lists.titles(field, locale))
        if field.type is FieldType.CODED
        else cell_text(field, row[field.name], locale, {})
        for field in sheet.fields
    }


def _statement(sheet: Sheet, locale: str, *, is_clear: bool) -> sql.Composed:
    if not sheet.place:
        return sql.SQL(PEOPLE).format(
            name=sql.SQL("u.name" if is_clear else "n.name_masked"),
            phone=sql.SQL("u.phone" if is_clear else "n.phone_masked"),
            unmasked=sql.SQL(UNMASKED if is_clear else ""),
            title=sql.Identifier("title" if locale == "zh" else "title_en"),
        )
    return sql.SQL(PLACES).format(
        details=sql.SQL(", ").join(sql.SQL("d.{}").format(sql.Identifier(name)) for name in DETAILS[sheet.place]),
        company=sql.SQL(COMPANY if sheet.place == "estate" else "NULL"),
        table=sql.Identifier(sheet.place),
    )
