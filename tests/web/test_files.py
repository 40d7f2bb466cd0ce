"""Files by the page: exports, a renovation plan, a map as one file; who may, what is written down, what is refused."""

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gridmap.map_file import _inert
from tests.conftest import Base


def test_hostile_words_stay_words_in_the_block_of_json() -> None:
    for words in ("</script><script>alert(1)</script>", "<!--<script>", "a\u2028b", "&lt;"):
        text = _inert({"name": words})
        assert "<" not in text
        assert "\u2028" not in text
        assert json.loads(text) == {"name": words}
