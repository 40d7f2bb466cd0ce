"""Makes the demo's files, one per subject, byte for byte the same each time."""

import json
from pathlib import Path
from typing import Any

import shapely

from gridmap.demo.basemap import paint_town
from gridmap.demo.bodies import add_companies, organise_town
from gridmap.demo.build import build_town
from gridmap.demo.facilities import equip_town
from gridmap.demo.history import add_history
from gridmap.demo.landscape import paint_zhongshan
from gridmap.demo.lattice import to_globe
from gridmap.demo.people import staff_town
from gridmap.demo.points import add_town_points
from gridmap.demo.register import SUBJECTS, Register, Row
from gridmap.demo.territory import DISTRICT_IDS, add_territory
from gridmap.demo.towns import TOWNS
from gridmap.demo.zhongshan import build_zhongshan
from gridmap.tables.codes import DUTY_ROLES, FACILITY_KINDS

ZHONGSHAN = "442000"


def build() -> Register:
    """All rows of the demo; geometry is in metres of each row's zone."""
    register = Register()
    add_companies(register)
    towns = [build_town(register, town, DISTRICT_IDS[town.district]) for town in TOWNS]
    for built in towns:
        paint_town(register, built)
        organise_town(register, built)
        staff_town(register, built)
        equip_town(register, built)
        add_history(register, built)
        basemap = [row for row in register.rows["basemap"] if row["street_id"] == built.declared.street_id]
        add_town_points(register, built, basemap)
    at_home = [built for built in towns if built.declared.district == ZHONGSHAN]
    paint_zhongshan(register, at_home, build_zhongshan(register, at_home))
    add_territory(register)
    add_codes(register)
    return register


def add_codes(register: Register) -> None:
    """Adds the code tables."""
    for code, title, title_en, theme, shape in FACILITY_KINDS:
        register.add("facility_kinds", code=code, title=title, title_en=title_en, theme=theme, shape=shape)
    for sort, (code, title, title_en, level, line_) in enumerate(DUTY_ROLES, start=1):
        register.add("duty_roles", code=code, title=title, title_en=title_en, level=level, line=line_, sort=sort)


def line(row: Row) -> str:
    """A row as one line of JSON, a GeoJSON feature where it has geometry. Empty values are left out."""
    row = dict(row)
    metres, epsg, globe = row.pop("metres", None), row.pop("epsg", None), row.pop("globe", None)
    if metres is not None:
        globe = to_globe(metres, epsg)
    properties: dict[str, Any] = {key: value for key, value in row.items() if value not in (None, [], {})}
    if globe is not None:
        geometry = json.loads(shapely.to_geojson(globe))
        feature = {"type": "Feature", "properties": properties, "geometry": geometry}
        if "id" in properties:
            feature["id"] = properties.pop("id")
        return dumps(feature)
    return dumps(properties)


def dumps(value: object) -> str:
    """JSON with sorted keys, without spaces, Chinese as it is."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def is_spatial(rows: list[Row]) -> bool:
    """Whether the rows have geometry."""
    return any("metres" in row or "globe" in row for row in rows)


def text(rows: list[Row]) -> str:
    """The file of one subject: one row a line, sorted by id, and by the line itself where there is none."""
    spatial = is_spatial(rows)
    body = ",\n".join(made for _, made in sorted((row.get("id", 0), line(row)) for row in rows))
    if spatial:
        return f'{{"type":"FeatureCollection","features":[\n{body}\n]}}\n'
    return f"[\n{body}\n]\n"


def generate(folder: Path) -> dict[str, int]:
    """Writes all files into `folder` and hands back how many rows each subject has."""
    folder.mkdir(parents=True, exist_ok=True)
    register = build()
    counts = {}
    for subject in SUBJECTS:
        rows = register.rows[subject]
        name = f"{subject}.geojson" if is_spatial(rows) else f"{subject}.json"
        for other in folder.glob(f"{subject}.*json"):
            other.unlink()
        (folder / name).write_text(text(rows), encoding="utf-8")
        counts[subject] = len(rows)
    return counts
