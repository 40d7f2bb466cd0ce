"""Which database this installation works with: its private cluster, or the server that the settings name."""

from dataclasses import dataclass
from pathlib import Path

from gridmap.cluster.cluster import Cluster
from gridmap.cluster.errors import ClusterError
from gridmap.cluster.identity import OsUser, me, web_user
from gridmap.cluster.layout import real_home
from gridmap.settings import Settings


@dataclass(frozen=True)
class Access:
    """The ways into the database; `cluster` is None on an own server, which has no superuser's way in for us."""

    home: Path
    """The folder that really holds files, secrets and backups."""
    app_url: str
    cluster: Cluster | None
    configured_owner_url: str | None

    @property
    def owner_url(self) -> str:
        """The owner's connection. Raises ClusterError when an own server's was not given."""
        if self.configured_owner_url is None:
            raise ClusterError("This needs the owner of the tables: set GRIDMAP_OWNER_URL beside GRIDMAP_DATABASE_URL")
        return self.configured_owner_url

    @property
    def superuser_url(self) -> str | None:
        """The superuser's connection on the private cluster, else None."""
        return self.cluster.superuser_url if self.cluster else None

    @property
    def full_url(self) -> str:
        """The connection that sees every row, for dump and restore."""
        return self.superuser_url or self.owner_url

    @property
    def web(self) -> OsUser:
        """Who owns the files and secrets."""
        return self.cluster.crew.web if self.cluster else web_user()

    @property
    def steward(self) -> OsUser:
        """Who owns the backups."""
        return self.cluster.crew.steward if self.cluster else me()


def find_access(settings: Settings, *, start: bool = True) -> Access:
    """The database of these settings; a private one is started unless `start` is False. Raises ClusterError."""
    if settings.database_url:
        home = real_home(settings.home)
        return Access(home, settings.database_url, None, settings.owner_url)
    cluster = Cluster(settings.home)
    if start:
        cluster.start()
    return Access(cluster.home, cluster.app_url, cluster, cluster.owner_url)
