"""Whether a lost key of number plates is noticed: by the plates that are in clear beside their hash."""

from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from gridmap.cluster import Access
from gridmap.commands.doctor import check_plate_key
from gridmap.demo.parking.plates import DEMO_KEY
from gridmap.parking.key_check import KeyCheck, check_key
from tests.conftest import Base


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "secrets").mkdir()
    return tmp_path


def look(base: Base, home: Path) -> KeyCheck:
    with psycopg.connect(base.owner_url) as connection:
        return check_key(connection, home)


def test_the_key_by_which_cars_were_written_down_fits(demo_base: Base, home: Path) -> None:
    (home / "secrets" / "plates").write_bytes(DEMO_KEY)
    found = look(demo_base, home)
    assert found.plates == found.fitting > 5
    assert found.cars > 100
    assert not found.is_lost


def test_a_missing_a_short_and_another_key_are_noticed(demo_base: Base, home: Path) -> None:
    assert look(demo_base, home).problem == "missing"
    assert look(demo_base, home).is_lost
    assert not (home / "secrets" / "plates").exists(), "looking makes no key"
    (home / "secrets" / "plates").write_bytes(b"short")
    assert look(demo_base, home).problem == "short"
    (home / "secrets" / "plates").write_bytes(bytes(32))
    found = look(demo_base, home)
    assert (found.problem, found.fitting) == (None, 0)
    assert found.is_lost


def test_without_cars_any_key_will_do(empty_base: Base, home: Path) -> None:
    assert look(empty_base, home) == KeyCheck(cars=0, problem="missing")
    assert not look(empty_base, home).is_lost


def test_the_doctor_says_so_and_how_to_mend_it(demo_base: Base, home: Path) -> None:
    access = Access(home, demo_base.app_url, None, demo_base.owner_url)
    (finding,) = check_plate_key(access)
    assert finding.is_ok is False
    assert "is missing" in finding.says
    assert "backup" in finding.way_out
    (home / "secrets" / "plates").write_bytes(DEMO_KEY)
    (finding,) = check_plate_key(access)
    assert finding.is_ok is True
    assert not any(sign in finding.says for sign in ("粤", "沪")), "no plate is told"
    (finding,) = check_plate_key(replace(access, configured_owner_url=None))
    assert finding.is_ok is None
