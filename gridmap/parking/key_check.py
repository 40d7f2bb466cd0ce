"""Whether the key of the plates is the one by which cars were written down: a lost one unmatches every ban.

Of a car that something is open of the plate is there in clear beside its hash, and so tells whose key made it; the
plate itself goes nowhere. Cars that are known by their hash alone cannot tell.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from gridmap.accounts.secret_keys import FOLDER
from gridmap.parking.plates import KEY_BYTES, UnreadablePlate, hash_plate, read_plate
from gridmap.parking.secret import KEY_FILE

MOST = 5_000
KNOWN = """
SELECT to_regclass('gridmap.vehicle') IS NOT NULL AND to_regclass('gridmap.known_vehicle') IS NOT NULL AS found
"""
CARS = "SELECT (SELECT count(*) FROM gridmap.vehicle) + (SELECT count(*) FROM gridmap.known_vehicle) AS many"
OPEN = "SELECT street_id, plate, plate_hash FROM gridmap.vehicle WHERE has_plate ORDER BY changed_at DESC LIMIT %s"


@dataclass(frozen=True, kw_only=True)
class KeyCheck:
    """How many cars are known by a hash, how many of them have their plate in clear, and of how many the key fits.

    `problem`: `missing` or `short`, where there is no key that could fit.
    """

    cars: int
    plates: int = 0
    fitting: int = 0
    problem: str | None = None

    @property
    def is_lost(self) -> bool:
        """Whether cars were written down by another key than the one that is there."""
        return self.cars > 0 and (self.problem is not None or self.fitting < self.plates)


def check_key(connection: "psycopg.Connection[Any]", home: Path) -> KeyCheck:
    """Look at the key in the data folder and at all cars; the connection is the owner's. No key is made.

    Raises OSError where the key may not be read.
    """
    if not _one(connection, KNOWN):
        return KeyCheck(cars=0)
    cars = int(_one(connection, CARS))
    path = home / FOLDER / KEY_FILE
    if not path.exists():
        return KeyCheck(cars=cars, problem="missing")
    key = path.read_bytes()
    if len(key) < KEY_BYTES:
        return KeyCheck(cars=cars, problem="short")
    rows = connection.execute(OPEN, (MOST,)).fetchall()
    return KeyCheck(cars=cars, plates=len(rows), fitting=sum(_fits(key, *row) for row in rows))


def _fits(key: bytes, street_id: int, plate: str, hashed: bytes) -> bool:
    try:
        return hash_plate(key, street_id, read_plate(plate)) == bytes(hashed)
    except UnreadablePlate:
        return False


def _one(connection: "psycopg.Connection[Any]", statement: str) -> Any:
    row = connection.execute(statement).fetchone()
    return None if row is None else row[0]
