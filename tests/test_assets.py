"""What browsers get: white-listed, licensed, readable by old engines, and made only when it is not there."""

import json
import os
import re
import shutil
from gettext import GNUTranslations
from pathlib import Path

import brotli
import pytest
from click.testing import CliRunner
from flask import Flask, url_for

from gridmap import assets
from gridmap.assets import AssetError, serving, translations
from gridmap.commands import main

CSS = sorted((assets.STATIC / "css").glob("*.css"))

# what Chromium 87 does not know, or knows only in part
TOO_NEW_CSS = re.compile(
    r":has\(|:is\(|:where\(|@container|@layer|@scope|aspect-ratio|accent-color|color-mix\(|\boklch\(|\blab\("
    r"|\d[dsl]v[hw]\b|text-wrap|content-visibility|:user-(in)?valid|scrollbar-gutter|^\s*&|overflow:\s*clip",
    re.MULTILINE,
)
TOO_NEW_JS = re.compile(
    r"\.at\(|Object\.hasOwn|structuredClone|\.findLast|randomUUID|\.toSorted|\.toReversed|AbortSignal\.timeout"
    r"|\.replaceChildren\(\s*\.\.\.\s*\)|showPopover|\.inert\b|Array\.fromAsync|Promise\.withResolvers"
)
FOREIGN = re.compile(r"https?://(?!www\.w3\.org/)")


@pytest.fixture(scope="module")
def tools() -> Path:
    return assets.install_tools(say=lambda _said: None)


@pytest.fixture(scope="module", autouse=True)
def vendor() -> None:
    if not assets.is_current():
        assets.install(say=lambda _said: None)


def test_the_lock_names_no_registry():
    assert "://" not in (assets.CHECKOUT / "package-lock.json").read_text("utf-8")
    lock = json.loads((assets.CHECKOUT / "package-lock.json").read_text("utf-8"))
    assert all("integrity" in package for name, package in lock["packages"].items() if name)


def test_every_package_is_pinned_to_one_version():
    wanted = json.loads((assets.CHECKOUT / "package.json").read_text("utf-8"))
    versions = [*wanted["dependencies"].values(), *wanted["devDependencies"].values()]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions)


def test_a_second_run_needs_no_npm(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    done = CliRunner().invoke(main, ["assets"])
    assert done.exit_code == 0
    assert "current" in done.output


def test_without_npm_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr(assets.sys, "executable", "/bin/false")
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(assets.CHECKOUT / name, tmp_path / name)
    with pytest.raises(AssetError, match="apt-get install"):
        assets.install(tmp_path, tmp_path / "vendor", lambda _said: None)


def test_a_changed_file_is_noticed(tmp_path):
    copy = tmp_path / "vendor"
    shutil.copytree(assets.VENDOR, copy)
    assert assets.is_current(vendor=copy)
    (copy / "leaflet" / "leaflet.js").write_text("alert(1)")
    assert assets.damaged(copy) == ["leaflet/leaflet.js"]
    assert not assets.is_current(vendor=copy)


def test_a_changed_lock_is_noticed(tmp_path):
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(assets.CHECKOUT / name, tmp_path / name)
    assert assets.is_current(tmp_path)
    (tmp_path / "package-lock.json").write_text("{}")
    assert not assets.is_current(tmp_path)


def test_an_installed_wheel_needs_no_lock(tmp_path):
    assert assets.is_current(tmp_path)


def test_the_folder_holds_the_white_list_and_nothing_else():
    found = {path.relative_to(assets.VENDOR).as_posix() for path in assets.VENDOR.rglob("*") if path.is_file()}
    plain = {*assets.SHIPPED.values(), *assets.LEANED.values(), assets.MANIFEST}
    packed = {name + assets.PACKED for name in plain if name.endswith((".js", ".css"))}
    assert found == plain | packed


def test_what_set_up_has_compressed_is_what_it_compresses():
    for path in assets.VENDOR.rglob("*" + assets.PACKED):
        assert brotli.decompress(path.read_bytes()) == path.with_name(path.stem).read_bytes()


def test_the_libraries_come_without_what_our_maps_do_not_use():
    drawing = (assets.VENDOR / assets.LEANED["drawing"]).read_text("utf-8")
    leaflet = (assets.VENDOR / assets.LEANED["leaflet"]).read_text("utf-8")
    assert "leafletLayer" in drawing
    assert "leaflet-popup" not in leaflet
    assert (len(leaflet) < 100_000, len(drawing) < 50_000) == (True, True)


def test_every_script_lies_beside_its_licence():
    for script in assets.VENDOR.rglob("*.js"):
        licence = script.parent / "LICENSE"
        assert "permission" in licence.read_text("utf-8").lower() or "Redistribution" in licence.read_text("utf-8")


def test_everything_shipped_is_read_by_chromium_87(tools):
    assets.check_syntax(tools, assets.own_scripts(), sorted(assets.VENDOR.rglob("*.js")))


@pytest.mark.parametrize("source", ["class A { static { f(); } }", "await f();", "let a = #x in y;", "a ||| b"])
def test_a_script_above_the_floor_is_refused_with_file_and_line(tools, tmp_path, source):
    script = tmp_path / "new.js"
    script.write_text(f"// first line\n{source}\n")
    with pytest.raises(AssetError, match=r"new\.js:2:"):
        assets.check_syntax(tools, [script])


def test_a_vendor_script_above_the_floor_is_lowered(tools, tmp_path):
    script = tmp_path / "new.js"
    script.write_text("class A { static #n = 1; static { A.made = A.#n; } }\nwindow.made = A.made;\n")
    assets.check_syntax(tools, [], [script])
    assert "static{" not in script.read_text()
    assets.check_syntax(tools, [script])


@pytest.mark.parametrize("path", CSS, ids=lambda path: path.name)
def test_styles_stay_on_the_floor(path):
    words = re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.DOTALL)
    assert TOO_NEW_CSS.findall(words) == []
    assert "@import" not in words


@pytest.mark.parametrize("path", [p for p in CSS if p.name != "tokens.css"], ids=lambda path: path.name)
def test_only_the_tokens_name_colours(path):
    words = re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.DOTALL)
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b", words) == []


def test_every_variable_that_styles_use_is_a_token():
    known = set(re.findall(r"(--[\w-]+):", (assets.STATIC / "css" / "tokens.css").read_text("utf-8")))
    used = {name for path in CSS for name in re.findall(r"var\((--[\w-]+)", path.read_text("utf-8"))}
    assert used <= known


@pytest.mark.parametrize("path", assets.own_scripts(), ids=lambda path: path.name)
def test_scripts_use_nothing_that_chromium_87_lacks(path):
    source = path.read_text("utf-8")
    assert TOO_NEW_JS.findall(source) == []
    assert "eval(" not in source
    assert "new Function" not in source


def test_nothing_of_ours_names_another_host():
    ours = [*assets.own_scripts(), *CSS, *(assets.STATIC / "img").iterdir()]
    ours += (assets.PACKAGE / "templates").rglob("*.html")
    assert [path.name for path in ours if FOREIGN.search(path.read_text("utf-8"))] == []


def test_templates_carry_no_inline_style_and_no_handler():
    for path in (assets.PACKAGE / "templates").rglob("*.html"):
        source = path.read_text("utf-8")
        assert not re.search(r"<[^>]+\s(style|on\w+)\s*=", source), path.name
        # a file that is taken away says its own policy
        is_page = 'http-equiv="Content-Security-Policy"' not in source
        for tag in re.findall(r"<(?:script|style)\b[^>]*>", source) if is_page else ():
            assert 'nonce="{{ ' in tag, f"{path.name}: {tag}"


def test_the_build_id_follows_every_static_file(tmp_path):
    (tmp_path / "a.css").write_text("a{}")
    first = assets.build_id(tmp_path)
    assert re.fullmatch(r"[0-9a-f]{12}", first)
    (tmp_path / "a.css").write_text("b{}")
    second = assets.build_id(tmp_path)
    (tmp_path / "a.css").rename(tmp_path / "b.css")
    assert len({first, second, assets.build_id(tmp_path)}) == 3


HEAD = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'


def catalogue(folder: Path, name: str, body: str) -> None:
    (folder / "zh").mkdir(exist_ok=True)
    (folder / "zh" / name).write_text(HEAD + body, "utf-8")


def test_catalogues_of_a_locale_become_one(tmp_path):
    catalogue(tmp_path, "a.po", 'msgid "Map"\nmsgstr "地图"\n')
    catalogue(tmp_path, "b.po", 'msgid "List"\nmsgstr "列表"\n\nmsgid "Map"\nmsgstr "地图"\n')
    made = translations.compile_locale("zh", tmp_path)
    assert translations.locales(tmp_path) == ["zh"]
    assert made == tmp_path / "zh" / "LC_MESSAGES" / "messages.mo"
    with made.open("rb") as file:
        found = GNUTranslations(file)
    assert (found.gettext("Map"), found.gettext("List")) == ("地图", "列表")


def test_two_translations_of_one_text_are_refused(tmp_path):
    catalogue(tmp_path, "a.po", 'msgid "Map"\nmsgstr "地图"\n')
    catalogue(tmp_path, "b.po", 'msgid "Map"\nmsgstr "图"\n')
    with pytest.raises(AssetError, match="differently"):
        translations.compile_locale("zh", tmp_path)


def test_a_broken_catalogue_is_refused_by_name(tmp_path):
    catalogue(tmp_path, "broken.po", "nonsense\n")
    with pytest.raises(AssetError, match=r"broken\.po"):
        translations.compile_locale("zh", tmp_path)


def test_what_is_not_finished_is_listed(tmp_path):
    catalogue(
        tmp_path, "a.po", 'msgid "Map"\nmsgstr ""\n\n#, fuzzy\nmsgid "List"\nmsgstr "列表"\n\nmsgid "My"\nmsgstr "我"\n'
    )
    assert translations.unfinished("zh", tmp_path) == ["zh/a.po: Map", "zh/a.po: List"]


def test_our_own_catalogues_are_finished():
    assert [line for locale in translations.locales() for line in translations.unfinished(locale)] == []


@pytest.fixture
def served(tmp_path):
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "a.js").write_text("export const a = 1;\n" * 200)
    (tmp_path / "dot.png").write_bytes(b"\x89PNG")
    (tmp_path.parent / "secret.txt").write_text("secret")
    app = Flask("static-files", static_folder=None)
    serving.install(app, serving.StaticFiles(tmp_path))
    with app.test_request_context():
        return app.test_client(), url_for("static", filename="js/a.js")


def test_static_files_are_compressed_and_kept(served):
    client, address = served
    plain = client.get(address)
    small = client.get(address, headers={"Accept-Encoding": "gzip, br"})
    assert small.headers["Content-Encoding"] == "br"
    assert brotli.decompress(small.data) == plain.data
    assert len(small.data) * 10 < len(plain.data)
    assert client.get(address, headers={"Accept-Encoding": "gzip"}).headers["Content-Encoding"] == "gzip"
    assert "immutable" in small.headers["Cache-Control"]
    assert client.get(address, headers={"If-None-Match": plain.headers["ETag"]}).status_code == 304
    assert plain.mimetype in {"text/javascript", "application/javascript"}


def test_static_files_end_at_their_folder(served):
    client, address = served
    start = address.rsplit("/", 2)[0]
    assert client.get(f"{start}/dot.png").headers.get("Content-Encoding") is None
    for path in ("../secret.txt", "%2e%2e/secret.txt", "js", "missing.js"):
        assert client.get(f"{start}/{path}").status_code == 404


def test_a_static_file_that_changes_is_read_again(tmp_path, served):
    client, address = served
    script = tmp_path / "js" / "a.js"
    script.write_text("export const a = 2;\n")
    os.utime(script, ns=(0, 0))
    assert client.get(address).data == b"export const a = 2;\n"
