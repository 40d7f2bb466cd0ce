"""What is past on the office's pages, and what is only for who is on duty: in the parking town."""

import pytest

from tests.duties_town import ESTATE_A
from tests.parking_office import Office
from tests.parking_town import KERB, at, banned


def test_a_notice_of_before_a_revoked_ban_is_nobodys_to_give(office: Office) -> None:
    vehicle = banned(office.town)
    old = office.town.rows("SELECT id FROM gridmap.parking_notice WHERE number = 1")[0]["id"]
    office.at(at("2026-03-21", "10:00"))
    office.town.decide("leader", vehicle, "revoke")
    office.at(at("2026-03-21", "19:00"))
    new = office.town.see("worker_a").notice_id
    for path in ("/parking/evening", "/parking/notices"):
        page = office.get("worker_a", path).text
        assert f"/parking/notices/{new}/" in page, path
        assert f"/parking/notices/{old}/" not in page, path
    assert "请勿送达" in office.get("worker_a", f"/parking/notices/{old}/print").text
    assert "请勿送达" not in office.get("worker_a", f"/parking/notices/{new}/print").text


@pytest.mark.parametrize(
    ("who", "kerb", "estate"),
    [
        ("leader", 200, 200),
        ("community_leader", 200, 200),
        ("worker_a", 200, 404),
        ("worker_b", 404, 404),
        # they plan for the street, and are on duty in a part of the estate, far from the kerb
        ("planner_worker", 403, 200),
        ("company", 403, 403),
        ("planner", 403, 403),
    ],
)
def test_cars_that_an_estate_knows_are_listed_for_who_is_on_duty_there(
    office: Office, who: str, kerb: int, estate: int
) -> None:
    found = [office.get(who, f"/parking/known?estate={home}").status_code for home in (KERB, ESTATE_A)]
    assert found == [kerb, estate]
