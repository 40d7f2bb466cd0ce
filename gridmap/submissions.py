"""Sending twice is sending once: the row that a command writes first, and the answer that it gives again."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from gridmap.db.pools import Connection


class SentDifferently(Exception):
    """The same id came before with another content, or from another account."""


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What a phone sends: the id that it made, and the content under that id."""

    street_id: int
    sent_id: UUID
    account_id: int
    content: Mapping[str, Any]

    @property
    def digest(self) -> bytes:
        """Of the content, whatever the order of its keys."""
        words = json.dumps(self.content, sort_keys=True, ensure_ascii=False, default=str)
        return hashlib.sha256(words.encode()).digest()


def answer_before(connection: Connection, sent: Sent) -> Mapping[str, Any] | None:
    """None for what is new, and its row is written; the answer of the first time for what came before.

    Called before anything else is written. One who sends the same at the same time waits here until the first has
    committed. Raises SentDifferently.
    """
    key = (sent.street_id, sent.sent_id)
    new = connection.execute(
        "INSERT INTO gridmap.submission (street_id, sent_id, account_id, digest) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING RETURNING sent_id",
        (*key, sent.account_id, sent.digest),
    ).fetchone()
    if new is not None:
        return None
    row = connection.execute(
        "SELECT account_id, digest, answer FROM gridmap.submission WHERE street_id = %s AND sent_id = %s", key
    ).fetchone()
    if row is None or row["account_id"] != sent.account_id or bytes(row["digest"]) != sent.digest:
        raise SentDifferently(sent.sent_id)
    answer: Mapping[str, Any] = row["answer"] or {}
    return answer


def keep_answer(connection: Connection, sent: Sent, answer: Mapping[str, Any]) -> None:
    """Keep what was answered, for whoever sends it again; in the same transaction."""
    connection.execute(
        "UPDATE gridmap.submission SET answer = %s WHERE street_id = %s AND sent_id = %s",
        (Jsonb(dict(answer)), sent.street_id, sent.sent_id),
    )
