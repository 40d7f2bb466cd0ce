"""What the documentation points at is there, and nobody has to guess which pages there are."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
SPOKEN_OF = re.compile(r"(?<![\w/.-])docs/[\w./-]*?[\w-]+\.md")
CODE = sorted({*(ROOT / "gridmap").rglob("*.py"), *(ROOT / "tests").rglob("*.py")} - {Path(__file__)})


def broken(page: Path) -> Iterator[str]:
    """Links of a page that lead to no file of ours, and pages that it speaks of and that are not there."""
    text = page.read_text("utf-8")
    for target in LINK.findall(text):
        path = target.partition("#")[0]
        if path and not re.match(r"[a-z]+:", path) and not (page.parent / path).exists():
            yield target
    yield from (name for name in SPOKEN_OF.findall(text) if not (ROOT / name).exists())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_what_a_page_points_at_is_there(page: Path) -> None:
    assert list(broken(page)) == []


def test_code_speaks_of_pages_that_are_there() -> None:
    assert {
        (path.relative_to(ROOT).as_posix(), name)
        for path in CODE
        for name in SPOKEN_OF.findall(path.read_text("utf-8"))
        if not (ROOT / name).exists()
    } == set()


def test_every_page_is_in_the_list_of_pages() -> None:
    listed = set(LINK.findall((DOCS / "README.md").read_text("utf-8")))
    assert {page.name for page in DOCS.glob("*.md")} - {"README.md"} == listed - {"decisions/"}


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("[a](page.md#part) [b](https://example.org) ![c](gone.jpg) `docs/gone.md`", "utf-8")
    assert list(broken(page)) == ["gone.jpg", "docs/gone.md"]
