"""Parking on pages: counting, tonight, the office's view, cars with their notices and bans, what an estate decides."""

from gridmap.web.parking import (
    acting,
    bans,
    count,
    counts,
    evening,
    gates,
    known,
    known_import,
    long_stays,
    notices,
    see,
    settings,
    start,
    vehicle,
    vehicles,
    zone_end,
    zone_map,
    zones,
)

SUBJECTS = (
    acting,
    bans,
    count,
    counts,
    evening,
    gates,
    known,
    known_import,
    long_stays,
    notices,
    see,
    settings,
    start,
    vehicle,
    vehicles,
    zone_end,
    zone_map,
    zones,
)
"""Importing a subject puts its pages on the blueprint."""
