"""Who may take the register out and bring it back: who keeps and sees a whole street; its people, who leads it."""

from datetime import datetime

from gridmap.accounts.leading import Lead, read_lead
from gridmap.db.pools import Connection
from gridmap.read.locks import sees_people
from gridmap.read.sheets.fields import SHEETS, Sheet
from gridmap.scope import Viewer

KEEPERS = ("leader", "planner", "administrator")


def keeps_street(viewer: Viewer, kept: Lead, street: int) -> bool:
    """Whether the viewer sees the whole street and by `kept` (see KEEPERS) has a right for the whole of it."""
    return (viewer.reach.is_city or street in viewer.reach.streets) and kept.leads_street(street)


def may_keep(connection: Connection, viewer: Viewer | None, now: datetime, sheet: Sheet, street: int) -> bool:
    """Whether the viewer (None: the command line) may change rows of this kind in the whole street."""
    if viewer is None:
        return True
    kept = read_lead(connection, viewer.account_id, now, KEEPERS if sheet.place else ("leader",))
    return keeps_street(viewer, kept, street) and bool(sheet.place or sees_people(viewer))


def kept_kinds(connection: Connection, viewer: Viewer, now: datetime, street: int) -> tuple[Sheet, ...]:
    """The kinds of workbooks that the viewer may take out of the street and bring back."""
    return tuple(one for one in SHEETS.values() if may_keep(connection, viewer, now, one, street))
