"""Every text a person can see is in the catalogue, and no Chinese stands in code."""

import ast
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir, extract_python
from jinja2.ext import babel_extract

import gridmap
from gridmap.assets.translations import merged, unfinished

PACKAGE = Path(gridmap.__file__).parent
CHINESE = re.compile(r"[\u3400-\u9fff]")
DATA = ("demo/", "translations/", "static/vendor/")
"""Folders in which Chinese is data."""
DATA_FILES = {
    "bench/loading.py": "column names as they stand in real files",
    "layer.py": "the enumeration comma between names",
    "incidents/hotline/words.py": "columns, addresses and answers as hotlines write them",
    "load/synonyms.py": "column names as they stand in real files",
    "load/uploads/kinds.py": "words in the names of real files",
    "migrations/versions/0010_kinds.sql": "titles and conditions of kinds of cases, which offices edit",
    "parking/plates.py": "signs of provinces and the ends of number plates",
    "places/holidays.py": "names of holidays, which offices edit",
    "tables/codes.py": "titles of the rows of code tables, which offices edit",
    "web/surnames.py": "surnames of two characters",
    "read/search/words.py": "what people type behind the number of a building or a stairwell",
}


def our_files(pattern: str) -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob(pattern)):
        name = path.relative_to(PACKAGE).as_posix()
        if not name.startswith(DATA) and name not in DATA_FILES:
            yield name, path


def test_every_marked_text_is_translated():
    texts = {
        message
        for name, path in our_files("*.py")
        for _, _, message, _ in extract_python(BytesIO(path.read_bytes()), ["_"], [], {})
        if isinstance(message, str)
    } | {
        message
        for _, _, message, _, _ in extract_from_dir(
            str(PACKAGE / "templates"), [("**.html", babel_extract)], keywords={"_": None}, comment_tags=()
        )
        if isinstance(message, str)
    }
    assert len(texts) > 100
    catalogue = merged("zh")
    missing = sorted(text for text in texts if text and not (catalogue.get(text) and catalogue.get(text).string))
    assert missing == []


def test_nothing_in_the_catalogue_is_fuzzy_or_empty():
    assert unfinished("zh") == []


def test_translations_keep_the_places_of_their_values():
    for message in merged("zh"):
        if message.id and isinstance(message.id, str):
            assert set(re.findall(r"\{\w+\}", message.id)) == set(re.findall(r"\{\w+\}", message.string)), message.id


def strings_of(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The string constants that are not docstrings."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    free = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings | free:
            yield node.lineno, node.value


def test_no_chinese_in_code():
    found = [
        f"{name}:{line} {text[:40]}"
        for name, path in our_files("*.py")
        for line, text in strings_of(ast.parse(path.read_text("utf-8")))
        if CHINESE.search(text)
    ]
    assert found == []


@pytest.mark.parametrize("pattern", ["*.html", "*.js", "*.css", "*.sql"])
def test_no_chinese_in_templates_scripts_styles_and_sql(pattern):
    found = []
    for name, path in our_files(pattern):
        text = re.sub(r"\{#.*?#\}|/\*.*?\*/|//[^\n]*|--[^\n]*", "", path.read_text("utf-8"), flags=re.DOTALL)
        found += [f"{name} {match.string[match.start() : match.start() + 30]!r}" for match in CHINESE.finditer(text)]
    assert found == []


HALF_WIDTH = re.compile(r"[\u3400-\u9fff）”][;:](?!/)|[\u3400-\u9fff）”],|\([^()]*[\u3400-\u9fff][^()]*\)")
TYPED = re.compile(r"--new-street \S+|\?bbox=\S+")
"""What a person types as it stands: its commas are no punctuation."""


def test_chinese_texts_have_chinese_punctuation():
    texts = [str(message.string) for message in merged("zh") if message.id]
    found = [text for text in texts if HALF_WIDTH.search(TYPED.sub("", text))]
    assert found == []
