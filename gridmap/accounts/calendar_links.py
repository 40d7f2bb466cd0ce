"""Links to the calendar of one's own evenings, for a telephone that fetches it: signed, ending, revocable.

As with links to reports a link names its row and carries our signature; nothing else stands in it. Whoever has the link
reads when and where its owner has duty, so there is one at a time, and it ends with the account.
"""

import base64
import hmac
from datetime import datetime, timedelta

from gridmap.accounts.actor import Actor
from gridmap.accounts.links import ID_BYTES, SIGNATURE_BYTES
from gridmap.audit import write_audit
from gridmap.db import Database, execute, new_id
from gridmap.db.pools import Connection
from gridmap.tables import rota_link

LIFETIME = timedelta(days=400)
"""Longer than a year: a telephone that has it fetches it every day, and nobody renews it by hand."""
REVOKE = """
UPDATE gridmap.rota_link SET revoked_at = %(at)s
WHERE street_id = %(street)s AND person_id = %(person)s AND account_id = %(account)s AND revoked_at IS NULL
"""
LIVE = """
SELECT id FROM gridmap.rota_link
WHERE street_id = %(street)s AND person_id = %(person)s AND account_id = %(account)s AND revoked_at IS NULL
  AND expires_at > %(at)s
"""


def calendar_token(key: bytes, identity: int) -> str:
    """What stands in the address: the row's id and our signature over it (`key`: `links.signing_key`)."""
    named = identity.to_bytes(ID_BYTES, "big")
    return base64.urlsafe_b64encode(named + _signature(key, named)).rstrip(b"=").decode()


def calendar_in(key: bytes, token: str) -> int | None:
    """The id that the token names; None where the signature is not ours."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    # the last letter of an address has bits to spare: only as we write it, it is ours
    identity = int.from_bytes(raw[:ID_BYTES], "big")
    return identity if hmac.compare_digest(token, calendar_token(key, identity)) else None


def _signature(key: bytes, named: bytes) -> bytes:
    return hmac.digest(key, b"gridmap rota " + named, "sha256")[:SIGNATURE_BYTES]


def open_calendar(connection: Connection, by: Actor, person_id: int) -> int:
    """Make a link to the person's own calendar and give its id; one made before ends."""
    street_id = person_id >> 32
    # two taps at once: the second one ends what the first one made
    connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('gridmap.rota_link', %s))", (person_id,))
    connection.execute(REVOKE, _key(by, person_id))
    statement = (
        rota_link.insert()
        .values(
            street_id=street_id,
            id=new_id(street_id),
            person_id=person_id,
            account_id=by.account_id,
            created_at=by.at,
            expires_at=by.at + LIFETIME,
        )
        .returning(rota_link.c.id)
    )
    identity: int = (execute(connection, statement).fetchone() or {})["id"]
    _record(connection, by, "share_calendar", identity)
    return identity


def close_calendar(connection: Connection, by: Actor, person_id: int) -> bool:
    """End the link of the account now; False where there was none."""
    done = connection.execute(REVOKE, _key(by, person_id)).rowcount
    if done:
        _record(connection, by, "revoke_calendar", person_id)
    return bool(done)


def live_calendar(connection: Connection, by: Actor, person_id: int) -> int | None:
    """The id of the account's link that is good now."""
    row = connection.execute(LIVE, _key(by, person_id)).fetchone()
    return row["id"] if row else None


def person_of_calendar(database: Database, key: bytes, token: str, now: datetime) -> int | None:
    """Whose evenings the token shows at the real time `now`; None for one that is unknown, ended or revoked.

    Whoever opens it has no account, so the database is asked without any viewer.
    """
    identity = calendar_in(key, token)
    if identity is None:
        return None
    with database.transaction({}) as connection:
        row = connection.execute(
            "SELECT gridmap.person_of_rota_link(%s, %s, %s) AS person_id", (identity >> 32, identity, now)
        ).fetchone()
    return row["person_id"] if row else None


def _key(by: Actor, person_id: int) -> dict[str, object]:
    return {"street": person_id >> 32, "person": person_id, "account": by.account_id, "at": by.at}


def _record(connection: Connection, by: Actor, action: str, identity: int) -> None:
    write_audit(
        connection,
        action=action,
        subject="rota",
        subject_id=identity,
        street_id=identity >> 32,
        business_at=by.business_at,
        account_id=by.account_id,
    )
