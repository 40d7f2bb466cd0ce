"""What `templates/map.html` asks for where a map stands by itself: nowhere else to go, and no earlier days."""

from typing import Any

from gridmap.maps import MapPage
from gridmap.web.asked import today


def alone(drawn: MapPage, list_url: str | None = None) -> dict[str, Any]:
    """The variables of such a page; `list_url`: where the same stands as a list."""
    return {
        "map": drawn,
        "area": None,
        "jumps": [],
        "streets": 0,
        "today": today().isoformat(),
        "list_url": list_url,
        "can_look_back": False,
    }
