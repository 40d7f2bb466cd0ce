"""The words of a filter as a tree of JSON, within bounds in which the parser can neither crash nor take long.

Decision 0013 says how the bounds were measured.
"""

import json
import re
from typing import Any

import cql2

from gridmap.read.select import BadWord

LANGUAGES = ("cql2-text", "cql2-json")
LONGEST = 8_192
WORK = 2**18
"""The most that length times 2^(parentheses in each other) may be: an unfinished word makes the parser try each pair
of parentheses twice."""
MOST_OPERATORS = 100
"""Each is a call inside the one before, on a stack that is not guarded."""
DEEPEST_JSON = 32
QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
NUMBER = r"[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?"
POSITIONS = re.compile(rf"\(\s*{NUMBER}(?:\s+{NUMBER}){{1,3}}(?:\s*,\s*{NUMBER}(?:\s+{NUMBER}){{1,3}})*\s*(?=\))")
OPERATOR = re.compile(r"[-+*/%^=<>]|\b(?:and|or|not|div|between|like|is)\b", re.IGNORECASE)


def parse(words: str, language: str) -> Any:
    """The tree of these words, as CQL2's own JSON has it. Raises BadWord where they are not of that language."""
    if len(words) > LONGEST:
        raise BadWord("filter", shortened(words))
    try:
        return _parsed_text(words) if language == "cql2-text" else _parsed_json(words)
    except (ValueError, RecursionError):
        raise BadWord("filter", shortened(words)) from None


def shortened(words: object) -> str:
    """So much of the words as fits into a sentence."""
    text = str(words)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _parsed_text(words: str) -> Any:
    # a quote that is not closed is left as it is, and then no word at all for the parser
    plain = POSITIONS.sub("(", QUOTED.sub("''", words))
    deepest = nesting(plain, "(", ")")
    if deepest < 0 or len(words) << deepest > WORK or len(OPERATOR.findall(plain)) > MOST_OPERATORS:
        raise ValueError(words)
    try:
        return cql2.parse_text(words).to_json()
    except Exception as error:  # the parser says everything that it does not understand by this
        raise ValueError(words) from error


def _parsed_json(words: str) -> Any:
    # the tree is JSON already; what it may hold is decided where it is understood
    if nesting(words, "[{", "]}") > DEEPEST_JSON:
        raise ValueError(words)
    return json.loads(words)


def nesting(words: str, opening: str, closing: str) -> int:
    """How deep brackets stand in each other; -1 where one is not closed, or was not open."""
    depth = deepest = 0
    for letter in words:
        if letter in opening:
            depth += 1
            deepest = max(deepest, depth)
        elif letter in closing:
            depth -= 1
            if depth < 0:
                return -1
    return deepest if depth == 0 else -1
