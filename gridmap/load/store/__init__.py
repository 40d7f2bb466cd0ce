"""Checked rows into the register: one transaction as the app role, beside it the import run, audit and change rows.

Everything goes through a temporary table, because COPY cannot write under row security; then one INSERT … SELECT …
ON CONFLICT for each table, which touches a row only where something differs.
"""

from gridmap.load.store.known import read_known
from gridmap.load.store.run import Stored, store
from gridmap.load.store.sources import read_source
from gridmap.load.store.streets import NewStreet, find_street

__all__ = ["NewStreet", "Stored", "find_street", "read_known", "read_source", "store"]
