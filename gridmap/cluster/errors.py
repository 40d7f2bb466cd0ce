"""What can go wrong with the private database; every message ends with the way out."""


class ClusterError(Exception):
    """The private database cannot do what was asked; the message is one or two sentences for a person."""


class NoProgramsError(ClusterError):
    """PostgreSQL with PostGIS is not installed, or not in the version that the data needs."""


class NoRoomError(ClusterError):
    """The disk is too full; the message says what to free."""


class NotAllowedError(ClusterError):
    """The operating system user that runs gridmap may not start, stop or read this database."""
