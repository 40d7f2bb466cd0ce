"""A viewer who looks at one street only: the locks then hold one street instead of hundreds."""

from dataclasses import replace

from gridmap.scope import Reach, Viewer
from gridmap.tables import SERIAL_BITS


def within(viewer: Viewer, street_id: int) -> Viewer:
    """The same viewer, who sees of the city no more than what he sees of that street."""
    reach = viewer.reach
    if reach.is_city:
        return replace(viewer, reach=Reach(streets=(street_id,), near=(street_id,)))

    def here(ids: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(one for one in ids if one >> SERIAL_BITS == street_id)

    inside = Reach(
        streets=tuple(one for one in reach.streets if one == street_id),
        near=tuple(one for one in reach.near if one == street_id),
        communities=here(reach.communities),
        grids=here(reach.grids),
        estates=here(reach.estates),
        places=here(reach.places),
        organisations=reach.organisations,
        managed=here(reach.managed),
        people=here(reach.people),
    )
    return replace(viewer, reach=inside)
