"""`/list`: the map as a list, layer by layer, cut to a community, a grid, an estate or a building; and for paper."""

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from flask import abort, render_template, request

from gridmap import context
from gridmap.db.pools import Connection
from gridmap.layer import Layer
from gridmap.read.area import Area
from gridmap.read.card.place import read_place
from gridmap.read.lists import (
    CUTS,
    CUTS_OF,
    Choice,
    Cut,
    can_show_vacant,
    count_list,
    lists_for,
    read_choices,
    read_list,
    read_titles,
    shown_columns,
)
from gridmap.read.locks import sees_people
from gridmap.read.narrow import within
from gridmap.scope import Viewer
from gridmap.web.areas import areas_of
from gridmap.web.asked import asked, asked_day
from gridmap.web.blueprint import PAGE_SIZE, number, page_number, pages, say
from gridmap.web.counting import HOUSEHOLDS, NUMBERS, VACANT, Counted, address, counted_of, is_ready
from gridmap.web.place_words import KINDS, columns_of, in_language, value_words

STREETS_ON_PAGE = 40
MOST_STREETS = 100
"""A choice among more streets than this is the list of streets itself."""
PRINTED_ROWS = 150
MOST_CHOICES = 80
"""A choice of more than so many is offered only inside a community."""
MOST_COMMUNITIES = 400


@dataclass(frozen=True, kw_only=True)
class Question:
    """What the address asks for."""

    layer: Layer
    cut: Cut
    page: int
    prints: bool

    def address(self, **changes: object) -> str:
        """The address of this question with other words; None takes a word out."""
        words: dict[str, object] = {"layer": self.layer.name, "street": self.cut.street}
        words |= {name: getattr(self.cut, name) for name in CUTS}
        words |= {"vacant": "1" if self.cut.vacant else None, "page": self.page if self.page > 1 else None}
        words |= {"print": "1" if self.prints else None, "as_of": request.args.get("as_of")}
        kept = {name: value for name, value in (words | changes).items() if value is not None}
        return f"/list?{urlencode(kept)}"

    def page_address(self, page: int) -> str:
        """The address of another page of the same list."""
        return self.address(page=page)


@dataclass(frozen=True, kw_only=True)
class StreetRow:
    """A street and its numbers; None while they are counted."""

    area: Area
    counted: Counted | None

    def cells(self) -> list[tuple[str, str, str]]:
        """Title, number and address of each cell; a dash and no address where nothing is counted."""
        street = self.area.street_id
        cells = []
        for kind, layer, title in NUMBERS:
            number = f"{self.counted.of(kind):,}" if self.counted else "—"
            cells.append((say(title), number, address(street, layer)))
        cells.append((say(HOUSEHOLDS), f"{self.counted.counts.households:,}" if self.counted else "—", ""))
        if sees_people(context.viewer()):
            vacant = f"{self.counted.vacant:,}" if self.counted and self.counted.vacant is not None else "—"
            cells.append((say(VACANT), vacant, address(street, "stairwells", vacant=True)))
        return cells


@pages.get("/list")
def place_list() -> str:
    """One page of the rows of a layer that the viewer sees."""
    viewer, now = context.viewer(), asked()
    areas = areas_of(viewer)
    if len(areas) > 1 and not request.args.keys() & {"street", "layer"}:
        return _streets(viewer, areas, is_fragment="fragment" in request.args)
    question = _question(viewer, [area.street_id for area in areas]) if areas else None
    if question is None:
        return render_template("list.html", question=None)
    size = PRINTED_ROWS if question.prints else PAGE_SIZE
    here = within(viewer, question.cut.street)
    with context.services().database.transaction(here.prologue) as connection:
        found = count_list(connection, question.layer, here, now, question.cut)
        last = max(1, -(-found // size))
        question = replace(question, page=min(question.page, last))
        offset = (question.page - 1) * size
        rows = read_list(connection, question.layer, here, now, question.cut, limit=size, offset=offset)
        choices = _choices(connection, here, question)
        inside = _names(connection, here, question)
        titles = read_titles(connection, question.layer)
    columns = columns_of(question.layer, shown_columns(question.layer, viewer.reading_roles))
    return render_template(
        "list.html",
        question=question,
        area=next(area.name for area in areas if area.street_id == question.cut.street),
        areas=areas if len(areas) <= MOST_STREETS else (),
        has_streets=len(areas) > 1,
        layers=lists_for(viewer),
        choices=choices,
        inside=inside,
        kinds=KINDS,
        can_show_vacant=can_show_vacant(question.layer, viewer.reading_roles),
        columns=columns,
        rows=rows,
        found=found,
        first=offset + 1,
        last_page=last,
        words=lambda name, value: _words(question.layer, titles, name, value),
        day=asked_day(),
        made_at=context.services().clock.now(),
        opens=opens(question.layer),
    )


def _streets(viewer: Viewer, areas: tuple[Area, ...], *, is_fragment: bool) -> str:
    """The streets with their numbers; where counting takes long, first without, then as a fragment of the page."""
    last = -(-len(areas) // STREETS_ON_PAGE)
    page = min(page_number(), last)
    shown = areas[(page - 1) * STREETS_ON_PAGE : page * STREETS_ON_PAGE]
    ready = is_fragment or is_ready(viewer, shown)
    rows = [StreetRow(area=area, counted=counted_of(viewer, area) if ready else None) for area in shown]
    template = "list_streets_table.html" if is_fragment else "list_streets.html"
    return render_template(template, rows=rows, is_ready=ready, page=page, last_page=last, link=_page_of_streets)


def _page_of_streets(page: int) -> str:
    return f"/list?page={page}"


def opens(layer: Layer) -> str:
    """The layer that a row of this one leads to in the list, empty where that is a page."""
    return {"communities": "grids"}.get(layer.name, "")


def _words(layer: Layer, titles: dict[str, dict[str, tuple[str, str]]], name: str, value: object) -> str:
    known = titles.get(name, {}).get(str(value))
    if known:
        return in_language(known)
    # a column says its unit once, in its head
    return value_words(replace(layer.attributes[name], unit=""), value)


def _question(viewer: Viewer, streets: list[int]) -> Question:
    layers = {layer.name: layer for layer in lists_for(viewer)}
    name = request.args.get("layer", "")
    if name and name not in layers:
        abort(404)
    layer = layers[name or _first_layer(viewer)]
    street = number(request.args, "street") or streets[0]
    if street not in streets:
        abort(404)
    given = {cut: number(request.args, cut) for cut in CUTS_OF[layer.name]}
    vacant = request.args.get("vacant") == "1" and can_show_vacant(layer, viewer.reading_roles)
    cut = Cut(street=street, vacant=vacant, **given)
    return Question(layer=layer, cut=cut, page=page_number(), prints=request.args.get("print") == "1")


def _first_layer(viewer: Viewer) -> str:
    reach = viewer.reach
    if reach.is_city or reach.streets:
        return "communities"
    return "grids" if reach.communities else "buildings"


def _choices(connection: Connection, viewer: Viewer, question: Question) -> list[tuple[str, str, tuple[Choice, ...]]]:
    """For each cut that can be chosen: its word, its title, and what there is to choose."""
    offered = []
    for name in CUTS_OF[question.layer.name]:
        if name == "building":
            continue
        most = MOST_COMMUNITIES if name == "community" else MOST_CHOICES
        is_small = name == "community" or question.cut.community is not None or getattr(question.cut, name) is not None
        found = read_choices(connection, viewer, asked(), question.cut, name)
        if is_small or len(found) <= most:
            offered.append((name, say(KINDS[name]), found))
    return offered


def _names(connection: Connection, viewer: Viewer, question: Question) -> list[tuple[str, str]]:
    """What the list is cut by beside the choices: the word, and the name of the building."""
    if question.cut.building is None or "building" not in CUTS_OF[question.layer.name]:
        return []
    place = read_place(connection, viewer, question.cut.building)
    return [("building", place.name)] if place else []
