"""The signed-in account as the reading side knows it, and what it tells the two locks."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from gridmap.db.pools import viewer_prologue
from gridmap.layer import Layer, Role
from gridmap.scope.reach import RANGED, SUBTREES, Reach

UNSCOPED_ROLES = frozenset({Role.ADMINISTRATOR})
"""Roles that add no rows where another role of the account does."""


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """The signed-in account as the reading side knows it."""

    account_id: int
    username: str
    title: str
    locale: str
    roles: frozenset[Role]
    reach: Reach
    person_id: int | None = None
    stands_in_for: tuple[int, ...] = ()
    """People who are away now, whose places count as the viewer's own in the meantime."""
    must_change_password: bool = False
    takes_turns: bool = False
    """Whether what is seen follows the turns of a rota."""
    changes_at: datetime | None = None
    """From this business time on the reach is another one; None: nothing is known of that."""

    @property
    def administers(self) -> bool:
        """True for administrators: accounts and settings."""
        return Role.ADMINISTRATOR in self.roles

    @cached_property
    def reading_roles(self) -> frozenset[Role]:
        """The roles that bring rows; an attribute is shown only if each of them may see it."""
        return (self.roles - UNSCOPED_ROLES) or self.roles

    @cached_property
    def settings(self) -> Mapping[str, str]:
        """What row security reads, set for one transaction; what is empty is left out and lets nothing through."""
        reach = self.reach
        found = {
            "scope": "city" if reach.is_city else "some",
            "account": str(self.account_id),
            "administers": "on" if self.administers else "",
            "streets": _ranges(reach.streets),
            "near": _ranges(reach.near),
            "self": _listed([self.person_id] if self.person_id else []),
            "organisations": _array(reach.organisations) if reach.organisations else "",
            **{name: _listed(getattr(reach, name)) for name in (*SUBTREES[1:], "own_estates", "homes", "people")},
        }
        return {name: value for name, value in found.items() if value}

    @cached_property
    def prologue(self) -> bytes:
        """`BEGIN` and the SET LOCAL literals of this viewer."""
        return viewer_prologue(self.settings)

    @cached_property
    def key(self) -> str:
        """Equal for viewers who see the same: part of every cache key and ETag."""
        words = "|".join([repr(self.reach), ",".join(sorted(self.reading_roles))])
        return hashlib.blake2b(words.encode(), digest_size=12).hexdigest()

    def may_see(self, layer: Layer, name: str) -> bool:
        """Whether the attribute of the layer leaves the server for this viewer."""
        return self.reading_roles <= layer.attributes[name].seen_by

    @cached_property
    def parameters(self) -> Mapping[str, Any]:
        """The values of the bind parameters that `predicate()` uses: arrays as PostgreSQL writes them.

        Written once for each viewer: turning hundreds of ids into an array takes longer than a small tile.
        """
        reach = self.reach
        found = {f"scope_{name}": _array(getattr(reach, name)) for name in (*reach.shape, "near") if name != "city"}
        if reach.estates:
            found["scope_own_estates"] = _array(reach.own_estates)
        return found | {f"{name}_ranges": _ranges(getattr(reach, name)) or "{}" for name in RANGED}


def _listed(ids: Collection[int]) -> str:
    """`,5,6,`: what row security searches for an id with its commas; empty where there is none."""
    return "," + "".join(f"{identity}," for identity in ids) if ids else ""


def _ranges(ids: Iterable[int]) -> str:
    """`{[1,4),[7,8)}`: sorted ids as PostgreSQL's multirange, neighbours together; empty where there is none."""
    runs: list[list[int]] = []
    for identity in ids:
        if runs and runs[-1][1] == identity:
            runs[-1][1] += 1
        else:
            runs.append([identity, identity + 1])
    return "{" + ",".join(f"[{start},{end})" for start, end in runs) + "}" if runs else ""


def _array(ids: Iterable[int]) -> str:
    """`{1,2}`: PostgreSQL's own way to write an array."""
    return "{" + ",".join(str(identity) for identity in ids) + "}"
