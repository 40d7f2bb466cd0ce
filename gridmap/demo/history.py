"""How grids lay before their borders were moved, and what belonged to them then."""

from gridmap.demo.build import SINCE, BuiltCommunity, BuiltTown
from gridmap.demo.register import Register, Row

PLACES = ("buildings", "stairwells", "facilities", "zones")
SCOPE = ("community_id", "grid_id", "micro_grid_id", "estate_id")


def add_history(register: Register, built: BuiltTown) -> None:
    """Adds former boundaries of grids, and former memberships of the places that changed grids with them."""
    for community in built.communities:
        if community.declared.former:
            add_former(register, built, community)


def add_former(register: Register, built: BuiltTown, community: BuiltCommunity) -> None:
    """The former edition of a community's grids."""
    valid = f"[{SINCE},{community.declared.changed_on})"
    former = [
        (community.grids[grid.number]["id"], built.lattice.area(grid.boxes)) for grid in community.declared.former
    ]
    street = built.declared.street_id
    for place_id, shape in former:
        register.add(
            "former_boundaries",
            street_id=street,
            place_id=place_id,
            valid=valid,
            metres=shape,
            epsg=built.declared.epsg,
        )
    for subject in PLACES:
        for row in register.rows[subject]:
            if row["community_id"] != community.row["id"]:
                continue
            before = former_grid(row, former)
            if before not in (None, row.get("grid_id")):
                scope = {key: row.get(key) for key in SCOPE} | {"grid_id": before}
                register.add("former_memberships", street_id=street, place_id=row["id"], valid=valid, **scope)


def former_grid(row: Row, former: list[tuple[int, object]]) -> int | None:
    """The grid that held the middle of a place then, or None where nothing was moved."""
    middle = row["metres"].centroid
    return next((grid for grid, shape in former if shape.contains(middle)), None)  # type: ignore[attr-defined]  # shapely
