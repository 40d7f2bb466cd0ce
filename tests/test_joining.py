"""Joined files: the same code in the same order, once each, and nothing joined that cannot be."""

from pathlib import Path

import pytest

from gridmap import assets
from gridmap.assets import joining
from gridmap.assets.joining import JoinError, join, parts_of

ENTRIES = sorted(path.relative_to(assets.STATIC).as_posix() for path in (assets.STATIC / "js/pages").glob("*.js"))


def of(files):
    return lambda name: files[name]


def own(name):
    return (assets.STATIC / name).read_text("utf-8")


def test_what_is_imported_comes_once_and_before_what_imports_it():
    files = {
        "js/pages/a.js": 'import "../b.js";\nexport { c as d } from "../c.js";\n',
        "js/b.js": 'import { c } from "./c.js";\nwindow.b = c;\n',
        "js/c.js": "// why\nexport const c = 1;\n",
    }
    assert parts_of("js/pages/a.js", of(files)) == ("js/c.js", "js/b.js", "js/pages/a.js")
    joined = join("js/pages/a.js", of(files))
    assert joined.count("const c = 1;") == 1
    assert joined.index("const c = 1;") < joined.index("window.b")
    assert "why" not in joined
    assert joined.endswith("const { d } = module2;\nexport { d };\n")


@pytest.mark.parametrize(
    "source",
    [
        'import b from "./b.js";',
        "export default 1;",
        "export let changing = 1;",
        "const a = 1;\nexport { a };",
        'import { b } from "somewhere";',
        'const later = import("./b.js");',
        "const here = import.meta.url;",
    ],
)
def test_a_form_that_cannot_be_joined_is_refused(source):
    with pytest.raises(JoinError):
        join("js/pages/a.js", of({"js/pages/a.js": source + "\n", "js/pages/b.js": "export const b = 1;\n"}))


def test_a_circle_is_refused():
    files = {"js/pages/a.js": 'import "../b.js";\n', "js/b.js": 'import "./pages/a.js";\n'}
    with pytest.raises(JoinError, match="itself"):
        join("js/pages/a.js", of(files))


def test_other_files_are_sent_as_they_stand():
    assert parts_of("js/map/main.js", own) == ()
    assert parts_of("css/tokens.css", own) == ()


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_entry_is_a_module_that_chromium_87_reads(entry, tmp_path):
    tools = assets.install_tools(say=lambda _said: None)
    script = tmp_path / Path(entry).name
    script.write_text(join(entry, own), "utf-8")
    assets.check_syntax(tools, [script])


def test_every_script_of_ours_is_in_an_entry():
    joined = {part for entry in ENTRIES for part in parts_of(entry, own)}
    taken_away = {"js/one_file.js"}  # stands in the file itself (gridmap.map_file)
    assert {path.relative_to(assets.STATIC).as_posix() for path in assets.own_scripts()} == joined | taken_away


@pytest.mark.parametrize("sheet", joining.SHEETS)
def test_joined_sheets_keep_their_folder_and_their_order(sheet):
    joined = join(sheet, own)
    places = [joined.index(own(part)) for part in joining.SHEETS[sheet]]
    assert places == sorted(places)
    assert {Path(part).parent for part in joining.SHEETS[sheet]} == {Path(sheet).parent}
    assert not (assets.STATIC / sheet).exists()
