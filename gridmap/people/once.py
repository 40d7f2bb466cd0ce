"""Doing once what phones send twice: the submission, the command and its answer in one transaction, tried again."""

from collections.abc import Callable, Mapping
from typing import Any

import psycopg

from gridmap.db import Database
from gridmap.db.pools import Connection
from gridmap.people.attempt import attempt
from gridmap.submissions import Sent, answer_before, keep_answer

Told = Mapping[str, Any]


def send_once(
    database: Database, viewer: Mapping[str, str] | bytes, sent: Sent, command: Callable[[Connection], Told]
) -> Told:
    """What the command tells, or told when the same was sent before.

    Raises SentDifferently; LookupError for an id that tells of a street which does not exist; what the command raises,
    and then nothing is written.
    """

    def whole(connection: Connection) -> Told:
        before = answer_before(connection, sent)
        if before is not None:
            return before
        told = command(connection)
        keep_answer(connection, sent, told)
        return told

    try:
        return attempt(database, viewer, whole)
    except psycopg.errors.ForeignKeyViolation:
        raise LookupError(sent.street_id) from None
