"""Map pages as Folium composes them: what they link, what they carry, what they never carry."""

import json
import re
from datetime import date
from urllib.parse import parse_qsl, urlsplit

import folium
import pytest
from branca.element import JavascriptLink
from sqlalchemy import column, select

from gridmap import assets, maps
from gridmap.coords import BBox, LonLat
from gridmap.i18n import translate
from gridmap.layer import Attribute, Layer, Role, Scoped, Style, StyleClass
from gridmap.layers import BY_NAME, LAYERS
from gridmap.maps import (
    WORK,
    Addresses,
    UnknownAsset,
    View,
    compose,
    configuration,
    leaflet_point,
    lon_lat_bounds,
    pieces,
)

EVERYONE = frozenset(Role)
PAYLOADS = ("<img src=x onerror=alert(1)>", "</script><script>alert(1)</script>", "${alert(1)}", "`+alert(1)+`")


def view(**given):
    usual = {
        "locale": "zh",
        "bounds": BBox(113.39, 22.51, 113.42, 22.53),
        "today": date(2026, 3, 16),
        "roles": frozenset({Role.LEADER}),
    }
    return View(**(usual | given))


def layer_of(name="parks", **given):
    usual = {
        "name": name,
        "title": "Parks",
        "rows": select(column("id")),
        "attributes": {"state": Attribute(title="State")},
        "scoped_by": Scoped.PLACE,
        "style": Style(colour="#aabbcc", by="state", classes={"good": StyleClass(colour="#00aa00", title="Good")}),
        "label": "name",
        "min_zoom": 14,
    }
    return Layer(**(usual | given))


def test_a_page_links_only_files_that_are_shipped():
    page = compose(LAYERS, view())
    for path in (*page.scripts, *page.styles):
        assert (assets.STATIC / path).is_file(), path
    assert page.scripts == ("vendor/leaflet/leaflet.js", "vendor/protomaps-leaflet/protomaps-leaflet.js")
    assert "://" not in page.html + page.script + json.dumps(page.config)


def test_a_library_that_is_not_in_the_table_is_refused():
    composed = folium.Map(location=[22.5, 113.4], tiles=None)
    composed.get_root().header.add_child(JavascriptLink("heat.js"), name="HeatMap.js")
    with pytest.raises(UnknownAsset, match=r"HeatMap\.js"):
        pieces(composed)


def test_a_map_with_foreign_tiles_is_refused():
    with pytest.raises(UnknownAsset, match="another host"):
        pieces(folium.Map(location=[22.5, 113.4], tiles="OpenStreetMap"))


def test_equal_pages_are_equal_bytes():
    assert compose(LAYERS, view()) == compose(LAYERS, view())


def test_the_page_is_small_whatever_it_shows():
    page = compose(LAYERS, view())
    assert len(page.html + page.script) < 1_000
    assert len(json.dumps(page.config, ensure_ascii=False).encode()) < 20_000


def test_folium_gets_latitude_first_and_the_page_longitude_first():
    assert leaflet_point(LonLat(113.4, 22.5)) == [22.5, 113.4]
    assert lon_lat_bounds(BBox(113.39, 22.51, 113.42, 22.53)) == [113.39, 22.51, 113.42, 22.53]
    page = compose(LAYERS, view(bounds=BBox(113.0, 22.0, 114.0, 23.0)))
    assert "center: [22.5, 113.5]" in page.script
    assert page.config["view"]["bounds"] == [113.0, 22.0, 114.0, 23.0]


def test_one_tile_carries_all_layers_that_are_on_and_others_come_when_asked_for():
    main, *others = configuration(LAYERS, view(), Addresses())["sources"]
    later = ["ebikes", "five_lines", "assignments"]
    names = [layer.name for layer in LAYERS if layer.name not in later]
    address = "/tiles/{z}/{x}/{y}.mvt?layers="
    assert main == {"name": "main", "url": address + ",".join(names), "layers": names, "maxZoom": 16}
    assert others == [{"name": name, "url": address + name, "layers": [name], "maxZoom": 16} for name in later]
    assert [one["name"] for one in configuration([BY_NAME["grids"]], view(), Addresses())["sources"]] == ["main"]


def test_the_legend_is_the_style_of_the_layer_in_the_readers_language():
    config = configuration([BY_NAME["buildings"]], view(), Addresses())
    (made,) = config["layers"]
    kinds = BY_NAME["buildings"].style.classes
    assert made["style"]["by"] == "kind"
    assert [one["value"] for one in made["style"]["classes"]] == list(kinds)
    assert [one["colour"] for one in made["style"]["classes"]] == [kind.colour for kind in kinds.values()]
    assert [one["title"] for one in made["style"]["classes"]] == [translate("zh", k.title) for k in kinds.values()]
    assert made["title"] == "楼栋"


def test_classes_that_the_viewer_cannot_tell_apart_are_not_in_the_legend():
    for_leader = configuration([BY_NAME["stairwells"]], view(), Addresses())["layers"][0]["style"]
    for_planner = configuration([BY_NAME["stairwells"]], view(roles=frozenset({Role.PLANNER})), Addresses())
    assert for_leader["classes"]
    assert for_planner["layers"][0]["style"]["by"] is None
    assert for_planner["layers"][0]["style"]["classes"] == []


def test_a_layer_appears_at_the_zoom_where_its_tiles_carry_it():
    config = configuration([layer_of(min_zoom=14), layer_of("rivers", min_zoom=0)], view(), Addresses())
    assert [layer["minZoom"] for layer in config["layers"]] == [15, 0]


def test_the_ground_is_always_on_and_the_rest_can_be_switched():
    made = {layer["name"]: layer for layer in configuration(LAYERS, view(on=("grids",)), Addresses())["layers"]}
    assert {name for name, layer in made.items() if not layer["switchable"]} >= {"roads", "water", "green", "streets"}
    assert {name for name, layer in made.items() if layer["on"] and layer["switchable"]} == {"grids"}
    assert made["roads"]["on"]


def test_only_places_can_be_opened():
    """Those of the register, and those that the layers of due work colour; a soft ground has nothing to open."""
    made = {layer["name"]: layer["pickable"] for layer in configuration(LAYERS, view(), Addresses())["layers"]}
    places = {"grids", "estates", "ebikes", "buildings", "stairwells", "five_lines", "facilities", *WORK}
    assert {name for name, can in made.items() if can} == places - {"incident_density"}


def test_without_a_key_there_is_no_other_background():
    page = compose(LAYERS, view())
    assert page.config["backgrounds"] == []
    assert "tianditu" not in json.dumps(page.config)


def test_with_a_key_tianditu_is_offered_after_our_own():
    page = compose(LAYERS, view(), Addresses(tianditu_key="a key&more"))
    own, other = page.config["backgrounds"]
    assert (own["title"], other["title"]) == ("自有底图", "天地图")
    assert "tiles" not in own
    assert [address.split("?")[0] for address in other["tiles"]] == [
        "https://t{s}.tianditu.gov.cn/vec_w/wmts",
        "https://t{s}.tianditu.gov.cn/cva_w/wmts",
    ]
    for address, name in zip(other["tiles"], ("vec", "cva"), strict=True):
        asked = dict(parse_qsl(urlsplit(address).query))
        assert asked["LAYER"] == name
        assert asked["TILEMATRIXSET"] == "w"
        assert (asked["TILEMATRIX"], asked["TILEROW"], asked["TILECOL"]) == ("{z}", "{y}", "{x}")
        assert asked["tk"] == "a key&more"
    hosts = {other["tiles"][0].split("/vec_w")[0].replace("{s}", number) for number in other["hosts"]}
    assert hosts == set(maps.TIANDITU_HOSTS)
    # what Folium composes stays our own alone
    assert "://" not in page.html + page.script


def test_what_another_background_covers_is_the_ground_alone():
    made = {layer["name"]: layer["ground"] for layer in configuration(LAYERS, view(), Addresses())["layers"]}
    assert {name for name, is_ground in made.items() if is_ground} == {"roads", "water", "green"}


@pytest.mark.parametrize("words", PAYLOADS)
def test_words_of_a_layer_never_reach_foliums_script(words):
    nasty = layer_of(
        title=words,
        style=Style(colour="#aabbcc", by="state", classes={words: StyleClass(colour="#00aa00", title=words)}),
    )
    page = compose([nasty], view())
    assert "alert" not in page.html + page.script


def test_every_text_of_the_scripts_is_known_and_translated():
    found = set()
    for script in (assets.STATIC / "js" / "map").glob("*.js"):
        found |= set(re.findall(r"""\bt\(\s*"((?:[^"\\]|\\.)*)\"""", script.read_text("utf-8")))
    assert found == set(maps.TEXTS)
    for text in maps.TEXTS:
        assert translate("zh", text) != text


def test_texts_come_in_the_readers_language():
    chinese = configuration(LAYERS, view(), Addresses())["texts"]
    english = configuration(LAYERS, view(locale="en"), Addresses())["texts"]
    assert chinese["Try again"] == "重试"
    assert english["Try again"] == "Try again"
