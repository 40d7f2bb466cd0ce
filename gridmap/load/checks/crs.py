"""Case 3: no .prj, a wrong .prj, Xian 80, Beijing 54, a city's own grid.

EPSG:4326 is never assumed for a file that should say its system. What the numbers may mean is offered, each with the
place that it would give.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from gridmap.coords import WGS84, LonLat, distance_m
from gridmap.load.draft import Draft
from gridmap.load.finding import LoadError
from gridmap.load.synonyms import CAPITALS

GEOGRAPHIC = ((4326, "WGS 84"), (4490, "CGCS2000"), (4610, "Xian 1980"), (4214, "Beijing 1954"))
SHOWN = 8
FAR_M = 700_000.0
_OLD_DATUMS = {"EPSG:4610": "Xian 1980", "EPSG:4214": "Beijing 1954"}


@dataclass(frozen=True)
class Candidate:
    """One system that the numbers may be in, and where its sample would lie."""

    epsg: int
    title: str
    at: LonLat
    near: str
    metres: float

    def __str__(self) -> str:
        where = f"{self.at.lon:.4f} E, {self.at.lat:.4f} N, {self.metres / 1000:.0f} km from {self.near}"
        return f"  --crs EPSG:{self.epsg}  ({self.title}): {where}"


def nearest_capital(at: LonLat) -> tuple[str, float]:
    """The provincial capital next to a position, and how many metres away it is."""
    here = np.array([[at.lon, at.lat]] * len(CAPITALS))
    metres = distance_m(here, np.array([[lon, lat] for _, lon, lat in CAPITALS]))
    best = int(np.argmin(metres))
    return CAPITALS[best][0], float(metres[best])


def _candidate(epsg: int, title: str, x: float, y: float) -> Candidate | None:
    lon, lat = Transformer.from_crs(epsg, WGS84, always_xy=True).transform(x, y)
    if not (np.isfinite(lon) and np.isfinite(lat)) or abs(lon) > 180 or abs(lat) > 90:
        return None
    at = LonLat(float(lon), float(lat))
    near, metres = nearest_capital(at)
    return Candidate(epsg, title, at, near, metres) if metres < FAR_M else None


def _systems(x: float, y: float) -> list[tuple[int, str]]:
    """The systems whose range of numbers holds the sample."""
    if abs(x) <= 180 and abs(y) <= 90:
        return list(GEOGRAPHIC)
    found: list[tuple[int, str]] = []
    if 25e6 < x < 46e6:
        zone = int(x // 1e6)
        found.append((4513 + zone - 25, f"CGCS2000, 3-degree zone {zone}"))
    if 100_000 < x < 900_000:
        found += [(4534 + step, f"CGCS2000, 3 degrees, meridian {75 + 3 * step} E") for step in range(21)]
        found += [(32643 + step, f"UTM zone {43 + step} N") for step in range(11)]
    if 8_000_000 < x < 15_200_000 and 300_000 < y < 7_300_000:
        found.append((3857, "Web Mercator"))
    return found


def candidates(x: float, y: float, hint: LonLat | None = None) -> list[Candidate]:
    """What a sample of numbers may mean, nearest to `hint` (or to a provincial capital) first; swapped pairs too."""
    found = [_candidate(epsg, title, x, y) for epsg, title in _systems(x, y)]
    found += [_candidate(epsg, f"{title}, columns swapped", y, x) for epsg, title in _systems(y, x) if abs(y) > 180]
    named = [candidate for candidate in found if candidate is not None]

    def distance(candidate: Candidate) -> float:
        if hint is None:
            return candidate.metres
        ends = [np.array([[at.lon, at.lat]]) for at in (candidate.at, hint)]
        return float(distance_m(ends[0], ends[1])[0])

    return sorted(named, key=distance)[:SHOWN]


def offered_systems(draft: Draft) -> tuple[float, float, list[Candidate]]:
    """(x, y, what they may mean) for the middle of the numbers, nearest to where the rows should lie first."""
    sample = shapely.get_coordinates(draft.shapes()[~shapely.is_missing(draft.shapes())])
    x, y = np.median(sample, axis=0) if len(sample) else (np.nan, np.nan)
    outline = draft.options.within or draft.known.outline
    hint = LonLat(outline.centroid.x, outline.centroid.y) if outline is not None and not outline.is_empty else None
    return float(x), float(y), candidates(float(x), float(y), hint)


def _refuse(draft: Draft, code: str, **params: object) -> LoadError:
    x, y, offered = offered_systems(draft)
    listed = "\n".join(map(str, offered)) or "  (none: ask the source for its system or for control points)"
    return LoadError(code, file=draft.reading.file.name, x=f"{x:.10g}", y=f"{y:.10g}", candidates=listed, **params)


def parse_crs(text: str) -> CRS:
    """A CRS from what a person wrote (`EPSG:4549`, `4549`); raises LoadError `crs_word`."""
    try:
        return CRS.from_user_input(int(text) if text.strip().isdigit() else text)
    except CRSError:
        raise LoadError("crs_word", crs=text) from None


def _look_like_degrees(shapes: "np.ndarray[tuple[int], np.dtype[np.object_]]") -> bool:
    coords = shapely.get_coordinates(shapes)
    return not len(coords) or bool(
        (np.abs(coords[:, 0]) <= 180).mean() > 0.5 and (np.abs(coords[:, 1]) <= 90).mean() > 0.5
    )


def _chosen(draft: Draft) -> CRS:
    """The system of the numbers; raises LoadError with candidates where it is not known or contradicts them."""
    degrees = _look_like_degrees(draft.shapes())
    said = draft.options.crs
    crs = parse_crs(said) if said else draft.reading.crs
    if crs is None and not draft.reading.has_geometry and degrees:
        crs = CRS.from_epsg(WGS84)
    if crs is None:
        raise _refuse(draft, "crs_missing")
    if said and draft.reading.crs is not None and not crs.equals(draft.reading.crs, ignore_axis_order=True):
        draft.warn("crs_overruled", said=crs.name, file_crs=draft.reading.crs.name)
    if not (crs.is_geographic or crs.is_projected):
        raise _refuse(draft, "crs_local", crs=crs.name)
    if crs.is_geographic != degrees:
        raise _refuse(draft, "crs_contradicts", crs=crs.name)
    base = crs.geodetic_crs
    authority = base.to_authority() if base is not None else None
    old = _OLD_DATUMS.get(":".join(authority)) if authority else None
    if old:
        draft.warn("crs_old_datum", crs=old)
    return crs


def _in_use(crs: CRS, shapes: gpd.GeoSeries) -> bool:
    """Whether most of the shapes (degrees) lie where the system is used, three degrees of grace."""
    area = crs.area_of_use
    if area is None:
        return True
    points = shapes.centroid if len(shapes) else shapes
    x, y = points.x.to_numpy(), points.y.to_numpy()
    inside = (x >= area.west - 3) & (x <= area.east + 3) & (y >= area.south - 3) & (y <= area.north + 3)
    return bool(inside.mean() > 0.5) if len(inside) else True


def _degrees(
    shapes: "np.ndarray[tuple[int], np.dtype[np.object_]]", crs: CRS
) -> "np.ndarray[tuple[int], np.dtype[np.object_]]":
    transformer = Transformer.from_crs(crs, WGS84, always_xy=True)
    moved: np.ndarray[tuple[int], np.dtype[np.object_]] = shapely.transform(
        shapes, lambda coords: np.column_stack(transformer.transform(coords[:, 0], coords[:, 1]))
    )
    return moved


def reject_beyond(draft: Draft, crs: str) -> None:
    """List what lies beyond 180 or 90 degrees once converted from `crs`."""
    # not by bounds: they leave out a hole that lies outside of its ring
    coords, rows = shapely.get_coordinates(draft.shapes(), return_index=True)
    beyond = np.zeros(len(draft), dtype=bool)
    beyond[rows[(np.abs(coords) > [180, 90]).any(axis=1)]] = True
    draft.reject(beyond, "not_degrees", crs=crs)


def settle_crs(draft: Draft) -> None:
    """Bring every geometry to degrees of EPSG:4326, longitude first. Raises LoadError with candidates."""
    if not len(draft):
        return
    crs = _chosen(draft)
    shapes = draft.shapes()
    if not crs.equals(CRS.from_epsg(WGS84), ignore_axis_order=True):
        moved = _degrees(shapes, crs)
        if crs.is_projected and not _in_use(crs, gpd.GeoSeries(moved)):
            turned = _degrees(shapely.transform(shapes, lambda coords: coords[:, ::-1]), crs)
            if _in_use(crs, gpd.GeoSeries(turned)):
                moved = turned
                draft.warn("axes_swapped", crs=crs.name)
        draft.put_shapes(np.ones(len(draft), dtype=bool), moved)
    reject_beyond(draft, crs.name)
    draft.frame = draft.frame.set_crs(WGS84, allow_override=True)
