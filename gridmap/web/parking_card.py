"""The card of parking above a leader's own places: what was missed, what waits, what ends; each opens its rows."""

from dataclasses import dataclass
from datetime import timedelta

from gridmap import context
from gridmap.db.pools import Connection
from gridmap.i18n import _
from gridmap.layer import Role
from gridmap.read.parking.card import read_figures
from gridmap.web.asked import today
from gridmap.web.blueprint import say


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure with the address of its rows; `is_urgent`: somebody has to do something."""

    words: str
    count: int
    address: str
    is_urgent: bool


def read_parking_card(connection: Connection) -> tuple[Figure, ...]:
    """The figures of what the viewer sees; none for who does not lead, or where nobody parks."""
    viewer, day = context.viewer(), today()
    if Role.LEADER not in viewer.roles:
        return ()
    found = read_figures(connection, viewer, day, context.services().clock.now())
    if not (found.zones or found.proposed or found.ending or found.unmanned):
        return ()
    yesterday = (day - timedelta(days=1)).isoformat()
    figures = (
        (
            _("zones not counted yesterday evening"),
            found.missing,
            f"/parking/counts?day={yesterday}&show=missing",
            True,
        ),
        (_("proposed bans wait for a second person"), found.proposed, "/parking/vehicles?show=proposed", True),
        (_("bans end within 7 days"), found.ending, "/parking/bans?show=week", False),
        (_("rotas without anybody tomorrow"), found.unmanned, "/parking#duty", True),
    )
    return tuple(
        Figure(words=say(words), count=count, address=address, is_urgent=is_urgent and count > 0)
        for words, count, address, is_urgent in figures
    )
