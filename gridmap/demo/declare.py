"""The words in which a town is declared; everything is in lattice metres and carries its own stable number."""

from dataclasses import dataclass, field

from gridmap.demo.lattice import Box, Point, Sway


@dataclass(frozen=True)
class Road:
    """A street on a lattice line: `axis` x stands for constant x = `at`, from `start` to `end`."""

    name: str | None
    kind: str
    """motorway, main, secondary, residential, path or rail."""
    axis: str
    at: float
    start: float
    end: float


@dataclass(frozen=True)
class Course:
    """A free line: a road, or a river of some width (metres)."""

    name: str | None
    kind: str
    points: tuple[Point, ...]
    width: float = 0


@dataclass(frozen=True)
class Patch:
    """A park, a lawn or a wood that fills a box."""

    name: str | None
    kind: str
    box: Box


@dataclass(frozen=True)
class Blob:
    """A round thing: a lake, a pond, a wooded hill; radii in metres."""

    name: str | None
    kind: str
    centre: Point
    radii: Point


@dataclass(frozen=True)
class House:
    """A building: its shape, its stairwells (one string of units each, see `units.py`) and measures in metres."""

    shape: str
    """slab, stepped, ell, tee, villas."""
    sections: tuple[str, ...]
    section_width: int
    depth: int
    kind: str = "slab"


@dataclass(frozen=True)
class Cluster:
    """Houses in rows inside a box, all in one grid."""

    grid: int
    box: Box
    columns: int
    houses: tuple[House, ...]
    micro: bool = False
    """Each row of the cluster is a micro grid."""
    garden: Point = (0.5, 0.5)
    """Where empty slots go, as shares of the box."""
    margin: float = 9


@dataclass(frozen=True)
class Zone:
    """A parking zone along the west side of an estate."""

    box: Box
    capacity: int


@dataclass(frozen=True)
class Equipment:
    """Facilities of one kind in an estate.

    `where`: building (its south front), stairwell (inside), corner (of houses, looking along them), front (before a
    house, looking up), outline (along the fence), garden (near the middle), garage (under the houses).
    """

    kind: str
    where: str = "outline"
    count: int | None = None
    """None: one at each building or stairwell."""
    down: int = 0
    planned: int = 0
    installed: str = "2021-06-01"
    name: str | None = None
    details: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True)
class Crew:
    """Who looks after an estate, beside the grid's people."""

    managers: str | None = None
    """A 党员楼管员 for each `stairwell`, or for each `building` with all its stairwells."""
    vacant: tuple[int, ...] = ()
    """Stairwells (counted from 0) whose manager has left."""
    leaders: bool = False
    """A 楼组长 for each stairwell; volunteers and representatives for most."""
    butlers: int = 0
    butlers_at: str = "estate"
    """The butlers share the estate, or each has some of its stairwells."""
    butler_gap: int = 0
    committee: tuple[int, int] | None = None
    """Members of the owners' committee, and how many of them are Party members."""
    oversight: int = 0
    branch: bool = False
    groups: int = 0
    """Party groups for some of its buildings."""
    on_leave: int = 0


@dataclass(frozen=True)
class Estate:
    """An estate: outline and clusters, or only sub-estates."""

    number: int
    """The block of serials; never reused in its street."""
    name: str
    boxes: tuple[Box, ...]
    clusters: tuple[Cluster, ...] = ()
    parent: int | None = None
    management: str = "property"
    company: str | None = None
    built: int = 2000
    origin: str | None = None
    declared_households: int | None = None
    declared_population: int | None = None
    population: int | None = None
    site_area: float | None = None
    floor_area: float | None = None
    party_members: int | None = None
    rectangle: tuple[float, float, float] | None = None
    """Width, height (metres) and turn (degrees) of an outline that is an exact rectangle in the middle of its box."""
    zone: Zone | None = None
    aliases: tuple[str, ...] = ()
    underground: int = 0
    crew: Crew = Crew()
    equipment: tuple[Equipment, ...] = ()


@dataclass(frozen=True)
class Grid:
    """A grid of whole boxes; `number` is its serial of id, not its code."""

    number: int
    boxes: tuple[Box, ...]
    kind: str = "basic"
    name: str | None = None


@dataclass(frozen=True)
class Community:
    """A community: its part of the town, its grids and estates. `number` is its block of serials."""

    number: int
    code: str
    name: str
    boxes: tuple[Box, ...]
    aliases: tuple[str, ...] = ()
    estates: tuple[Estate, ...] = ()
    grids: tuple[Grid, ...] = ()
    declared_households: int | None = None
    declared_population: int | None = None
    party: bool = True
    """Has a Party committee, with a branch for each grid."""
    duty_group: int = 0
    """Residents who share the evening duty of its parking zones."""
    former: tuple[Grid, ...] = ()
    """Grids that lay otherwise until `changed_on`."""
    changed_on: str = "2025-09-01"


@dataclass(frozen=True)
class Town:
    """A street that is laid out house by house."""

    key: str
    street_id: int
    code: str
    name: str
    district: str
    epsg: int
    anchor: Point
    tilt: float
    sway: Sway
    extent: Box
    communities: tuple[Community, ...]
    roads: tuple[Road, ...]
    courses: tuple[Course, ...] = ()
    rivers: tuple[Course, ...] = ()
    greens: tuple[Patch, ...] = ()
    woods: tuple[Blob, ...] = ()
    waters: tuple[Blob, ...] = ()
    core: Box | None = None
    """The period that can be laid side by side without a seam."""
    points: dict[str, int] = field(default_factory=dict)
    """Estates that are known only as points, per community code."""


def alike(
    count: int,
    units: str,
    *,
    stairwells: int,
    width: int,
    depth: int,
    shape: str = "slab",
    kind: str = "slab",
    extra: str = "",
    more: int = 0,
) -> tuple[House, ...]:
    """`count` houses of one form; the first `more` of their stairwells have the units of `extra` added."""
    left = [more]

    def section() -> str:
        left[0] -= 1
        return units + extra if left[0] >= 0 else units

    return tuple(House(shape, tuple(section() for _ in range(stairwells)), width, depth, kind) for _ in range(count))
