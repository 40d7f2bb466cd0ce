"""The private PostgreSQL + PostGIS that runs when no database is configured, and its care."""

from gridmap.cluster.cluster import Cluster, Status
from gridmap.cluster.errors import ClusterError, NoProgramsError, NoRoomError, NotAllowedError
from gridmap.cluster.layout import real_home

__all__ = ["Cluster", "ClusterError", "NoProgramsError", "NoRoomError", "NotAllowedError", "Status", "real_home"]
