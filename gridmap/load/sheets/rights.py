"""Who may take the register out and bring it back: those who keep a whole street; its people, those who lead it."""

from datetime import datetime

from gridmap.accounts.leading import read_lead
from gridmap.db.pools import Connection
from gridmap.read.sheets.fields import Sheet

KEEPERS = ("leader", "planner", "administrator")


def may_keep(connection: Connection, account_id: int | None, now: datetime, sheet: Sheet, street: int) -> bool:
    """Whether this account (None: the command line) may change rows of this kind in the whole street."""
    if account_id is None:
        return True
    return read_lead(connection, account_id, now, KEEPERS if sheet.place else ("leader",)).leads_street(street)
