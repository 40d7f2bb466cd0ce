"""What changes places. Each command runs in the caller's transaction and is audited."""

from gridmap.places.territory import (
    Named,
    TerritoryProblem,
    add_communities,
    change_street,
    drop_day,
    know_year,
    open_street,
    set_day,
)

__all__ = [
    "Named",
    "TerritoryProblem",
    "add_communities",
    "change_street",
    "drop_day",
    "know_year",
    "open_street",
    "set_day",
]
