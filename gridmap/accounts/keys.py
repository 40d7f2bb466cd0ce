"""Random secrets that stand for an account: session cookies, tokens, printed slips. Stored only as SHA-256."""

import hashlib
import secrets

SECRET_BYTES = 32


def new_secret() -> str:
    """A fresh secret of 256 bit, safe in a URL, a cookie and a header."""
    return secrets.token_urlsafe(SECRET_BYTES)


def digest(secret: str) -> bytes:
    """What the database keeps of a secret: 32 bytes."""
    return hashlib.sha256(secret.encode()).digest()
