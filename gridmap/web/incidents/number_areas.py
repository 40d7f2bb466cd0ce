"""`/incidents/numbers/areas`: the numbers of a group, area by area, by code; each figure opens its cases."""

from dataclasses import dataclass

from flask import abort, render_template

from gridmap import context
from gridmap.kpi import CASE_KPIS, CaseKpi
from gridmap.read.incidents.cut import AREAS, NO_AREA
from gridmap.read.incidents.numbers import AreaCounted, count_areas
from gridmap.scope import Viewer
from gridmap.shares import share_words
from gridmap.web.blueprint import PAGE_SIZE, page_number, pages, typed
from gridmap.web.incidents.numbers import (
    GROUPS,
    TELLING_AREAS,
    Asked,
    about,
    asked_numbers,
    counted_for,
    reader,
    rows_address,
)
from gridmap.web.incidents.question import WORKING, version
from gridmap.web.remembered import remembered


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One number of one area: in words, counted, and where its cases are."""

    kpi: CaseKpi
    words: str
    part: int
    whole: int
    address: str


@dataclass(frozen=True, kw_only=True)
class AreaRow:
    """One area with its figures. id 0: cases of the street that lie in none; an area that is not told has no name."""

    id: int
    street_id: int
    name: str
    figures: tuple[Figure, ...]


@pages.get("/incidents/numbers/areas")
def incident_number_areas() -> str:
    """The numbers of a group by street, community, grid or estate."""
    viewer, asked, page = reader(), asked_numbers(), page_number()
    if not viewer.roles & TELLING_AREAS:
        abort(403)
    by, group = typed("by", 20) or "community", typed("group", 20) or "handling"
    if by not in AREAS or group not in GROUPS:
        abort(400)
    kpis = tuple(kpi for kpi in CASE_KPIS if kpi.group == group)
    areas = _areas(viewer, asked, by, kpis)
    whole = counted_for(viewer, asked).numbers
    start = (page - 1) * PAGE_SIZE
    return render_template(
        "incidents/number_areas.html",
        by=by,
        group=group,
        groups=GROUPS,
        kpis=kpis,
        whole=[_figure(asked, kpi, *whole[kpi.name]) for kpi in kpis],
        rows=[_row(asked, by, kpis, area) for area in areas[start : start + PAGE_SIZE]],
        found=len(areas),
        page=page,
        last_page=max(1, -(-len(areas) // PAGE_SIZE)),
        areas=AREAS,
        opens_rows=bool(viewer.roles & WORKING),
        **about(viewer, asked),
    )


def _areas(viewer: Viewer, asked: Asked, by: str, kpis: tuple[CaseKpi, ...]) -> tuple[AreaCounted, ...]:
    """The areas that have a case, kept until a case changes."""
    told, names = asked.told, tuple(kpi.name for kpi in kpis)
    own = (viewer.account_id, told.cut, told.start, told.moment, version(viewer))

    def read() -> tuple[AreaCounted, ...]:
        with context.services().database.transaction(viewer.prologue) as connection:
            return count_areas(connection, viewer, told, by, names)

    return remembered(("incident numbers", viewer.key, by, names, *own), read)


def _row(asked: Asked, by: str, kpis: tuple[CaseKpi, ...], area: AreaCounted) -> AreaRow:
    # an id tells its street; what lies in no area needs the street beside it
    cut = {by: area.id} if area.id else {by: NO_AREA, "street": area.street_id}
    figures = tuple(_figure(asked, kpi, *area.numbers[kpi.name], **cut) for kpi in kpis)
    return AreaRow(id=area.id, street_id=area.street_id, name=area.name, figures=figures)


def _figure(asked: Asked, kpi: CaseKpi, part: int, whole: int, **cut: int) -> Figure:
    words, address = share_words(part, whole), rows_address(asked, kpi, **cut)
    return Figure(kpi=kpi, words=words, part=part, whole=whole, address=address)
