"""Rows of a list of people on duty: role, place and phone judged; identity numbers were refused before."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from gridmap.load.checks.texts import matched
from gridmap.load.draft import Draft
from gridmap.load.finding import shorten
from gridmap.load.synonyms import EXAMPLE, PHONE_PATTERN, ROLES

LEVELS: Mapping[str, str] = {
    "stairwell_code": "stairwell",
    "building_code": "building",
    "estate_code": "estate",
    "grid_code": "grid",
    "community_code": "community",
}
"""The columns that name a place, the most particular first."""

_MOBILE = re.compile(r"(?:\+?86)?1[3-9]\d{9}")
_PHONE = re.compile(PHONE_PATTERN)
_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")


def mask_phone(text: str) -> str:
    """A telephone number as it may stand in a report."""
    return f"{text[:3]}****{text[-4:]}" if len(text) >= 11 else "****" if text else ""


def plain_phone(text: str) -> str:
    """The number without spaces, hyphens and brackets."""
    return re.sub(r"[\s()（）-]", "", text).lower()


def check_people(draft: Draft) -> None:
    """Judge role, place, phone and user name of every row; give each a key so that sending again changes nothing."""
    draft.reject(draft.texts("name").str.startswith(EXAMPLE).to_numpy(), "example_row", raw_from="name")
    _check_phones(draft)
    _check_roles(draft)
    _check_places(draft)
    _check_usernames(draft)
    keys = [_key(row) for row in draft.frame.to_dict("records")]
    draft.frame = draft.frame.assign(source_key=keys, display_name=_shown(draft))
    double = draft.frame.duplicated(["source_key", "role", "place_level", "place_code"]).to_numpy()
    draft.reject(double, "duplicate_row", raw_from="role")


def _or_none(texts: "pd.Series[Any]") -> "pd.Series[Any]":
    """The texts, None where they are empty (pandas would make it NaN)."""
    return pd.Series([text or None for text in texts], index=texts.index, dtype=object)


def _key(row: Mapping[object, object]) -> str:
    """The user name; without one the name with its community or the code of its place."""
    if row.get("username"):
        return f"user:{row['username']}"
    return f"name:{matched(str(row['name']))}@{row.get('community_code') or row['place_code']}"


def _shown(draft: Draft) -> list[str]:
    """How each is shown on duty: as the list says, else the surname and a mask until the office decides."""
    rows = zip(draft.texts("display_name"), draft.texts("name"), strict=True)
    return [said or f"{name[:1]}{'*' * max(1, len(name) - 1)}" for said, name in rows]


def _check_phones(draft: Draft) -> None:
    phones = draft.texts("phone").map(plain_phone)
    draft.frame = draft.frame.assign(phone=phones, **{"@raw_phone": phones.map(mask_phone)})
    wrong = ((phones != "") & ~phones.str.fullmatch(_PHONE)).to_numpy()
    draft.reject(wrong, "phone_wrong", raw_from="@raw_phone")
    if not draft.options.private_phones:
        private = draft.texts("phone").str.fullmatch(_MOBILE).to_numpy()
        draft.reject(private, "private_phone", raw_from="@raw_phone")
    draft.frame = draft.frame.drop(columns="@raw_phone")
    draft.frame = draft.frame.assign(phone=_or_none(draft.texts("phone")))


def _check_roles(draft: Draft) -> None:
    roles = draft.known.roles or ROLES
    words = {matched(word): code for code, *titles, _ in roles for word in (code, *titles)}
    levels = {code: level for code, *_, level in roles}
    raw = draft.texts("role")
    found = [words.get(matched(text)) for text in raw]
    frame = draft.frame.assign(role=pd.Series(found, index=raw.index, dtype=object), **{"@raw_role": raw})
    draft.frame = frame.assign(role_level=[levels.get(code or "") for code in found])
    unknown = np.array([code is None for code in found], dtype=bool)
    draft.reject(unknown, "role_unknown", raw_from="@raw_role", roles=", ".join(title for _, title, *_ in roles))
    draft.frame = draft.frame.drop(columns="@raw_role")


def _check_places(draft: Draft) -> None:
    """The place of the role's level where the row names it, else the most particular place that it names."""
    chosen = [_place(row) for row in draft.frame.to_dict("records")]
    draft.frame = draft.frame.assign(
        place_level=[level for level, _ in chosen], place_code=[code for _, code in chosen]
    )
    draft.reject(np.array([not code for _, code in chosen], dtype=bool), "place_missing", raw_from="role")


def _place(row: Mapping[object, object]) -> tuple[str, str]:
    named = [(level, str(row[column])) for column, level in LEVELS.items() if row.get(column)]
    wanted = [place for place in named if place[0] == row.get("role_level")]
    return (wanted or named or [("", "")])[0]


def _check_usernames(draft: Draft) -> None:
    names = draft.texts("username").str.lower()
    draft.frame = draft.frame.assign(username=_or_none(names), **{"@raw_user": names.map(shorten)})
    wrong = ((names != "") & ~names.str.fullmatch(_USERNAME)).to_numpy()
    draft.reject(wrong, "username_wrong", raw_from="@raw_user")
    draft.frame = draft.frame.drop(columns="@raw_user")
