"""Typed settings, read once from the environment; nothing else of gridmap reads `os.environ`."""

import os
from dataclasses import dataclass
from pathlib import Path


class SettingsError(Exception):
    """A setting has a value that cannot be used; the message names it and the way out."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an installation decides. Paths are absolute; URLs are libpq connection strings."""

    home: Path
    """The data folder: cluster, secrets, files, backups (`GRIDMAP_HOME`, default `.gridmap/`)."""
    host: str = "127.0.0.1"
    port: int = 8000
    clock: str = "real"
    """Business clock: `real` or a fixed ISO instant such as `2026-03-16T09:00+08:00`."""
    database_url: str | None = None
    """Connection of the app role to an own server; without it the private cluster is used."""
    prepares: bool = True
    """False behind a connection pooler (`GRIDMAP_PREPARE=off`): prepared statements would reach other clients."""
    owner_url: str | None = None
    """Connection of the owner role, for migrations on an own server only."""
    demo_password: str | None = None
    trusted_proxy: str | None = None
    """Address of the reverse proxy whose `X-Forwarded-*` headers count."""
    base_url: str | None = None
    """The address that people type, when it is not `http://host:port`; https makes cookies Secure."""
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    tianditu_key: str | None = None
    """Switches the outside basemap on; empty means that no page asks another host."""

    @property
    def is_secure(self) -> bool:
        """True where browsers reach gridmap by https, so that cookies may be Secure."""
        return bool(self.tls_certificate) or (self.base_url or "").startswith("https://")


def _path(value: str | None) -> Path | None:
    return Path(value).absolute() if value else None


def _port(value: str) -> int:
    if not value.isdigit() or not 0 < int(value) < 65536:
        raise SettingsError(f"GRIDMAP_PORT is {value!r}; give a number between 1 and 65535")
    return int(value)


def load_settings(environ: dict[str, str] | None = None) -> Settings:
    """Settings from `environ` (default: the process's). Raises SettingsError on a value that cannot be used."""
    env = dict(os.environ) if environ is None else environ
    return Settings(
        home=Path(env.get("GRIDMAP_HOME") or ".gridmap").absolute(),
        host=env.get("GRIDMAP_HOST") or "127.0.0.1",
        port=_port(env.get("GRIDMAP_PORT") or "8000"),
        clock=env.get("GRIDMAP_CLOCK") or "real",
        database_url=env.get("GRIDMAP_DATABASE_URL") or None,
        prepares=(env.get("GRIDMAP_PREPARE") or "on") != "off",
        owner_url=env.get("GRIDMAP_OWNER_URL") or None,
        demo_password=env.get("GRIDMAP_DEMO_PASSWORD") or None,
        trusted_proxy=env.get("GRIDMAP_TRUSTED_PROXY") or None,
        base_url=env.get("GRIDMAP_BASE_URL") or None,
        tls_certificate=_path(env.get("GRIDMAP_TLS_CERT")),
        tls_key=_path(env.get("GRIDMAP_TLS_KEY")),
        tianditu_key=env.get("GRIDMAP_TIANDITU_KEY") or None,
    )
