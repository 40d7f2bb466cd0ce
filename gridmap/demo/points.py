"""Estates that are known only by where they are: a point, or the plot between its streets."""

import shapely
from shapely.geometry.base import BaseGeometry

from gridmap.demo.bodies import KINDS, company_id
from gridmap.demo.build import BuiltTown, place_row
from gridmap.demo.choice import between, chance, fraction, number, pick
from gridmap.demo.names import COMPANIES, estate_name
from gridmap.demo.register import Register, Row, ident, organisation_id, serial_of

POINT_BLOCK = 200
"""Blocks from here on hold the point estates of communities 0, 1, 2 …"""
HALF_WIDTH = {"motorway": 26, "main": 20, "secondary": 14, "residential": 9, "rail": 12, "path": 4}
SMALLEST_PLOT = 2800


def add_estate(
    register: Register, community: Row, number_in_street: int, k: int, shape: BaseGeometry, epsg: int, taken: set[str]
) -> Row:
    """Adds the k-th such estate of a community, with facts as an office would have declared them."""
    street = community["street_id"]
    identity = ident(street, POINT_BLOCK + number_in_street, "point", k)
    entity = f"estate/{street}/{number_in_street}/{k}"
    managed = fraction(entity, "management")
    company = pick(entity, "company", COMPANIES) if managed < 0.7 else None
    households = between(entity, "households", 8, 110) * between(entity, "size", 4, 16)
    order = register.next_number(f"{community['code']}X")
    return place_row(
        register,
        "estates",
        {"street_id": street, "community_id": community["id"], "estate_id": identity},
        shape,
        epsg,
        id=identity,
        code=f"{community['code']}X{order:02d}",
        name=estate_name(entity, taken),
        management="property" if company else "none" if managed < 0.88 else "self",
        property_id=company and company_id(company),
        built_year=between(entity, "built", 1985, 2021),
        declared_households=households,
        declared_population=round(households * (2.4 + fraction(entity, "people"))),
    )


def random_spots(area: BaseGeometry, count: int, entity: str, apart: float) -> list[shapely.Point]:
    """So many points (whole metres) inside the area, at least `apart` metres from each other while there is room."""
    west, south, east, north = area.bounds
    inside = area.buffer(-min(60, apart / 4))
    found: list[shapely.Point] = []
    attempt = 0
    while len(found) < count:
        x = round(west + fraction(entity, f"x{attempt}") * (east - west))
        y = round(south + fraction(entity, f"y{attempt}") * (north - south))
        spot = shapely.Point(x, y)
        room = apart * max(0.0, 1 - attempt / 4000)
        attempt += 1
        if inside.contains(spot) and all(spot.distance(other) >= room for other in found):
            found.append(spot)
    return found


def town_plots(built: BuiltTown, basemap: list[Row]) -> list[shapely.Polygon]:
    """The free plots of a town: between its streets, off its water, parks and estates; largest first."""
    taken = [row["metres"].buffer(HALF_WIDTH[row["class"]]) for row in basemap if row["kind"] == "road"]
    taken += [row["metres"].buffer(10) for row in basemap if row["kind"] != "road"]
    taken += [estate.outline.buffer(8) for c in built.communities for estate in c.estates.values()]
    free = built.lattice.patch(built.declared.extent).buffer(-8).difference(shapely.union_all(taken))
    parts = shapely.get_parts(free.buffer(-14, join_style="mitre").buffer(14, join_style="mitre", mitre_limit=2))
    return sorted((p for p in parts if p.area > SMALLEST_PLOT), key=lambda p: (-p.area, p.bounds))


def halves(plot: shapely.Polygon, largest: float) -> list[shapely.Polygon]:
    """The plot, cut across its longer side until no part is larger, with a lane between the parts."""
    if plot.area <= largest:
        return [plot] if plot.area > SMALLEST_PLOT else []
    west, south, east, north = plot.bounds
    x, y = (west + east) / 2, (south + north) / 2
    wide = east - west > north - south
    lane = shapely.box(x - 5, south, x + 5, north) if wide else shapely.box(west, y - 5, east, y + 5)
    parts = shapely.get_parts(plot.difference(lane))
    return [half for part in parts if part.geom_type == "Polygon" for half in halves(part, largest)]


def add_town_points(register: Register, built: BuiltTown, basemap: list[Row]) -> None:
    """Gives each declared point estate of a town a plot of its community, or a point where none is left."""
    taken = {estate.declared.name for c in built.communities for estate in c.estates.values()}
    plots = [part for plot in town_plots(built, basemap) for part in halves(plot, 26000)]
    for community in built.communities:
        count = built.declared.points.get(community.declared.code, 0)
        mine = [p for p in plots if community.row["metres"].contains(p.representative_point())]
        mine.sort(
            key=lambda p: number(f"{community.declared.code}/{round(p.centroid.x)},{round(p.centroid.y)}", "plot")
        )
        spots: list[BaseGeometry] = [p.intersection(community.row["metres"]).simplify(0.5) for p in mine[:count]]
        if len(spots) < count:
            name = f"{built.declared.key}/{community.declared.code}"
            spots += random_spots(community.row["metres"], count - len(spots), name, 120)
        for k, spot in enumerate(spots):
            add_estate(register, community.row, community.declared.number, k, spot, built.declared.epsg, taken)


def add_group(register: Register, estate: Row, kind: str, word: str, members: int) -> None:
    """Adds the Party branch or group of an estate."""
    identity = organisation_id(estate["street_id"], serial_of(estate["id"]), KINDS[kind])
    register.add(
        "organisations",
        id=identity,
        kind=kind,
        name=f"{estate['name']}{word}",
        code=f"{estate['code']}-{'B' if kind == 'party_branch' else 'G'}",
        street_id=estate["street_id"],
        community_id=estate["community_id"],
        party_members=members,
    )
    register.add(
        "organisation_places",
        street_id=estate["street_id"],
        organisation_id=identity,
        place_id=estate["id"],
        relation="covers",
    )


def managed(register: Register, estates: list[Row]) -> None:
    """Says which company manages which of these estates."""
    for estate in estates:
        if estate.get("property_id"):
            register.add(
                "organisation_places",
                street_id=estate["street_id"],
                organisation_id=estate["property_id"],
                place_id=estate["id"],
                relation="manages",
            )


def is_lively(entity: str) -> bool:
    """Whether an estate without an organisation has one or two Party members rather than none."""
    return chance(entity, "lively", 0.8)
