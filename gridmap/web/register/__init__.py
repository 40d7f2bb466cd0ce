"""`/register`: the register kept right on the map and in lists; editions drawn, looked at, published and undone."""

from gridmap.web.register import community, editions, editor, listing

__all__ = ["community", "editions", "editor", "listing"]
