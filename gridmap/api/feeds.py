"""What an answer is made of, and how much of that has changed: what every ETag and every kept answer carries."""

from collections.abc import Mapping
from functools import lru_cache

from gridmap.db import Changes
from gridmap.layer import Layer
from gridmap.layers import BY_NAME
from gridmap.scope import Viewer


@lru_cache(maxsize=1024)
def feeds_of(layers: tuple[Layer, ...], zoom: int | None = None) -> Mapping[str, bool]:
    """The words of the change feed that these layers follow, each with whether everybody sees all that it speaks of.

    With a zoom: as far as a tile of that zoom shows them. The order is the same in every process.
    """
    feeds: dict[str, bool] = {}
    for layer in layers:
        if zoom is None or zoom >= (layer.min_zoom if layer.gathered_from is None else layer.gathered_from):
            feeds[layer.name] = layer.scoped_by is None
            # a ground carries no attributes, but it is drawn from all of them
            is_whole = zoom is None or layer.spread > 0
            for name in layer.attributes if is_whole else layer.tile_attributes(zoom or 0):
                for word in layer.attributes[name].drawn_from:
                    feeds.setdefault(word, word in BY_NAME and BY_NAME[word].scoped_by is None)
    return feeds


def versions(changes: Changes, viewer: Viewer, feeds: Mapping[str, bool]) -> tuple[int, ...]:
    """How many changes of these words, in what the viewer may see, this process knows of."""
    near = None if viewer.reach.is_city else viewer.reach.near
    return tuple(changes.version(word, None if is_shared else near) for word, is_shared in feeds.items())


def catch_up(changes: Changes, seen: str) -> None:
    """Follow the feed up to the change that a page knows of; what is not the number of a change is passed over."""
    if seen.isascii() and seen.isdigit() and len(seen) < 16:
        changes.catch_up(int(seen))
