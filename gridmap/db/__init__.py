"""Connections: pools opened per process, transactions that carry their viewer, and the change feed."""

from gridmap.db.changes import Changes
from gridmap.db.migrate import expected_revision, is_migrated, migrate
from gridmap.db.pools import SYSTEM, Database, compiled, execute, new_id, viewer_prologue

__all__ = [
    "SYSTEM",
    "Changes",
    "Database",
    "compiled",
    "execute",
    "expected_revision",
    "is_migrated",
    "migrate",
    "new_id",
    "viewer_prologue",
]
