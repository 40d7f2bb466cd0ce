"""Made-up number plates: all of them begin with DM behind the letter of the office, and are given to nobody."""

from gridmap.demo.parking.ground import Zone
from gridmap.parking.plates import Plate, hash_plate, read_plate

DEMO_KEY = b"gridmap demo: plates of nobody, and so of no secret"
"""Hashes the demo's plates where the installation has no key of its own, as in tests."""
LAST = 9_999


def plate_of(zone: Zone, number: int) -> Plate:
    """The made-up plate of that number, 中山's in 花苑 and 上海's in 香逸湾; every fourth is a green one."""
    if not 0 <= number <= LAST:
        raise ValueError(f"no such plate: {number}")
    head = "粤T" if zone.is_of_huayuan else "沪A"
    # a green plate has one sign more; of both forms the number can be read again, so no two are the same
    return read_plate(f"{head}DM{number:04d}" if number % 4 == 0 or number > 999 else f"{head}DM{number:03d}")


def hashed(key: bytes, zone: Zone, plate: Plate) -> bytes:
    """What is kept of it in the zone's street."""
    return hash_plate(key, zone.street_id, plate)
