"""The layers, in drawing order: one layer, one file, one line here."""

from collections.abc import Mapping

from gridmap.layer import Layer
from gridmap.layers.assignments import assignments
from gridmap.layers.buildings import buildings
from gridmap.layers.communities import communities
from gridmap.layers.complaints_estates import complaints_estates
from gridmap.layers.complaints_grids import complaints_grids
from gridmap.layers.coverage_buildings import coverage_buildings
from gridmap.layers.coverage_grids import coverage_grids
from gridmap.layers.districts import districts
from gridmap.layers.ebikes import ebikes
from gridmap.layers.estates import estates
from gridmap.layers.evening_violations import evening_violations
from gridmap.layers.facilities import facilities
from gridmap.layers.five_lines import five_lines
from gridmap.layers.gaps import gaps
from gridmap.layers.green import green
from gridmap.layers.grids import grids
from gridmap.layers.hotspots import hotspots
from gridmap.layers.in_grid_resolution import in_grid_resolution
from gridmap.layers.incident_density import incident_density
from gridmap.layers.incidents import incidents
from gridmap.layers.long_stays import long_stays
from gridmap.layers.parking_pressure import parking_pressure
from gridmap.layers.repeat_places import repeat_places
from gridmap.layers.roads import roads
from gridmap.layers.stairwells import stairwells
from gridmap.layers.streets import streets
from gridmap.layers.water import water

LAYERS: tuple[Layer, ...] = (
    green,
    water,
    districts,
    streets,
    communities,
    grids,
    coverage_grids,
    incident_density,
    complaints_grids,
    in_grid_resolution,
    estates,
    complaints_estates,
    ebikes,
    hotspots,
    roads,
    buildings,
    coverage_buildings,
    parking_pressure,
    evening_violations,
    long_stays,
    stairwells,
    five_lines,
    facilities,
    assignments,
    gaps,
    repeat_places,
    incidents,
)

BY_NAME: Mapping[str, Layer] = {layer.name: layer for layer in LAYERS}
