"""What a run of the benchmark found, as values, as a table, as JSON."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Processor milliseconds of one tile: in Python (client or server), and in the database."""

    python_ms: float
    database_ms: float

    @property
    def total_ms(self) -> float:
        """Both together."""
        return self.python_ms + self.database_ms


@dataclass(frozen=True, kw_only=True)
class ZoomResult:
    """One zoom: the bare SQL as the app role, the same through HTTP past the cache, and without row security.

    `served` leaves the server as the database made it, `compressed` as a browser gets it.
    """

    zoom: int
    tiles: int
    kilobytes: float
    raw: Cost
    served: Cost
    compressed: Cost
    unlocked: Cost | None

    @property
    def added_ms(self) -> float:
        """What serving adds to the bare SQL."""
        return self.served.total_ms - self.raw.total_ms

    @property
    def ratio(self) -> float:
        """Served against bare."""
        return self.served.total_ms / self.raw.total_ms

    @property
    def compression_ms(self) -> float:
        """What compressing the bytes adds in Python."""
        return self.compressed.python_ms - self.served.python_ms

    @property
    def lock_price(self) -> float | None:
        """The database's work with row security against without."""
        return self.raw.database_ms / self.unlocked.database_ms if self.unlocked else None


@dataclass(frozen=True, kw_only=True)
class CacheResult:
    """Answers a second through HTTP, signed in: past the cache, from it, and when the browser's copy is still good."""

    uncached_per_second: float
    cached_per_second: float
    unchanged_per_second: float
    cached_ms: float

    @property
    def ratio(self) -> float:
        """How many times faster the cache answers."""
        return self.cached_per_second / self.uncached_per_second


@dataclass(frozen=True, kw_only=True)
class Result:
    """A whole run."""

    buildings: int
    username: str
    layers: tuple[str, ...]
    zooms: tuple[ZoomResult, ...]
    cache: CacheResult

    def as_json(self) -> dict[str, object]:
        """The same as plain values, with the ratios."""
        found = asdict(self)
        for zoom, row in zip(self.zooms, found["zooms"], strict=True):
            row |= {name: getattr(zoom, name) for name in ("added_ms", "ratio", "compression_ms", "lock_price")}
        found["cache"]["ratio"] = self.cache.ratio
        return found


def lines(result: Result) -> Iterator[str]:
    """The run as a Markdown table for people and for the README."""
    yield f"{result.buildings:,} buildings; as {result.username}; layers: {', '.join(result.layers)}"
    yield ""
    yield "| zoom | kB a tile | raw SQL, ms CPU | served, ms CPU | added | served / raw | brotli | row security |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for zoom in result.zooms:
        price = "—" if zoom.lock_price is None else f"× {zoom.lock_price:.2f}"
        yield (
            f"| {zoom.zoom} | {zoom.kilobytes:.1f} | {cost(zoom.raw)} | {cost(zoom.served)} | "
            f"{zoom.added_ms:+.2f} ms | {zoom.ratio:.2f} | {zoom.compression_ms:+.2f} ms | {price} |"
        )
    cache = result.cache
    yield ""
    yield f"past the cache   {cache.uncached_per_second:8,.0f} tiles a second"
    price = f"× {cache.ratio:.0f}, {cache.cached_ms:.2f} ms CPU"
    yield f"from the cache   {cache.cached_per_second:8,.0f} tiles a second ({price})"
    yield f"not modified     {cache.unchanged_per_second:8,.0f} answers a second"


def cost(one: Cost) -> str:
    """`total (Python + database)`."""
    return f"{one.total_ms:.2f} ({one.python_ms:.2f} + {one.database_ms:.2f})"
