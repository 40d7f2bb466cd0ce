"""The private PostgreSQL + PostGIS that runs when no database is configured, and its care."""

from gridmap.cluster.access import Access, find_access
from gridmap.cluster.cluster import Cluster, Status
from gridmap.cluster.errors import ClusterError, NoProgramsError, NoRoomError, NotAllowedError
from gridmap.cluster.layout import real_home
from gridmap.cluster.pooler import PoolerError, refuse_pooler

__all__ = [
    "Access",
    "Cluster",
    "ClusterError",
    "NoProgramsError",
    "NoRoomError",
    "NotAllowedError",
    "PoolerError",
    "Status",
    "find_access",
    "real_home",
    "refuse_pooler",
]
