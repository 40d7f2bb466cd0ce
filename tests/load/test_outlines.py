"""The outlines of a preview: bounded in number and corners, true in shape, with holes and lines."""

import shapely

from gridmap.load.uploads import outlines
from gridmap.load.uploads.outlines import outlines_of
from load.files import judge, square, write_csv, write_features


def test_rings_holes_and_lines_with_what_becomes_of_their_rows(tmp_path):
    holed = shapely.Polygon(square(121.4, 31.3).exterior.coords, [square(121.4003, 31.3003, 0.0004).exterior.coords])
    bow_tie = shapely.Polygon([(121.5, 31.3), (121.51, 31.31), (121.51, 31.3), (121.5, 31.31)])
    found = outlines_of(judge("estates", write_features(tmp_path / "a.geojson", [(holed, {}), (bow_tie, {})])))
    assert [(outcome, closed) for outcome, closed, _ in found] == [("accepted", True)] * 2 + [("corrected", True)] * 2
    drawn = shapely.Polygon(zip(found[0][2][::2], found[0][2][1::2], strict=True))
    assert drawn.equals_exact(shapely.Polygon(holed.exterior), 1e-9, normalize=True)
    line = shapely.LineString([(121.4, 31.3), (121.405, 31.30001), (121.41, 31.3)])
    road = judge("roads", write_features(tmp_path / "r.geojson", [(line, {"highway": "primary"})]))
    assert outlines_of(road) == [["accepted", False, [121.4, 31.3, 121.41, 31.3]]]


def test_points_have_no_outline(tmp_path):
    path = write_csv(tmp_path / "a.csv", "name,lon,lat\n甲,121.4,31.3\n")
    assert outlines_of(judge("facilities", path)) == []
    assert outlines_of(judge("facilities", write_csv(tmp_path / "b.csv", "name,lon,lat\n甲,0,0\n"))) == []


def test_of_many_some_are_drawn_evenly(tmp_path, monkeypatch):
    monkeypatch.setattr(outlines, "MOST", 50)
    features = [(square(121.4 + n / 500, 31.3), {"id": n}) for n in range(180)]
    checked = judge("estates", write_features(tmp_path / "a.geojson", features))
    found = outlines_of(checked)
    assert 40 <= len(found) <= 50
    assert min(one[2][0] for one in found) < 121.41
    assert max(one[2][0] for one in found) > 121.75
    monkeypatch.setattr(outlines, "MOST_CORNERS", 60)
    few = outlines_of(checked)
    assert 0 < sum(len(one[2]) // 2 for one in few) <= 60
