"""Accounts, what they may see, and how they sign in. Secrets are read only through two definer functions."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import TSTZRANGE

from gridmap.tables.base import SENSITIVE, metadata, one_of

ROLES = ("worker", "manager", "leader", "handler", "duty_resident", "planner", "administrator")
LEVELS = ("city", "street", "community", "grid", "estate", "held", "organisation", "rota")


def real_time(name: str, *, nullable: bool = True) -> "Column[object]":
    """A moment of the real clock."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


def of_account() -> "Column[int]":
    """Whose row this is."""
    return Column("account_id", BigInteger, ForeignKey("gridmap.account.id", ondelete="CASCADE"), nullable=False)


account = Table(
    "account",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("username", Text, nullable=False, unique=True),
    Column("title", Text, nullable=False, comment="how the account is shown: a function, not a private name"),
    Column("password_hash", Text, info=SENSITIVE),
    Column("person_id", BigInteger, comment="the person on duty; its id tells the street"),
    Column("locale", Text, nullable=False, server_default=text("'zh'")),
    Column("must_change_password", Boolean, nullable=False, server_default=text("false")),
    real_time("disabled_at"),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    CheckConstraint("username = lower(username) AND username <> ''", name="username_lower"),
    Index("account_person_ix", "person_id"),
)

account_grant = Table(
    "account_grant",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    of_account(),
    Column("role", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("street_id", ForeignKey("gridmap.street.id")),
    Column("target_id", BigInteger, comment="community, grid or estate; its id tells the street"),
    Column("organisation_id", ForeignKey("gridmap.organisation.id")),
    Column("valid", TSTZRANGE, nullable=False, server_default=text("'(,)'")),
    Column("granted_by", BigInteger),
    one_of("role", ROLES),
    one_of("level", LEVELS),
    CheckConstraint(
        "CASE level WHEN 'city' THEN street_id IS NULL AND target_id IS NULL "
        "WHEN 'street' THEN street_id IS NOT NULL AND target_id IS NULL "
        "WHEN 'held' THEN target_id IS NULL WHEN 'rota' THEN target_id IS NULL "
        "WHEN 'organisation' THEN organisation_id IS NOT NULL "
        "ELSE street_id IS NOT NULL AND target_id >> 32 = street_id END",
        name="level_fits",
    ),
    Index("account_grant_account_ix", "account_id"),
)

session = Table(
    "session",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    of_account(),
    Column("token_hash", LargeBinary, nullable=False, unique=True, info=SENSITIVE),
    Column("device", Text, nullable=False, server_default=text("''")),
    Column("remembered", Boolean, nullable=False, server_default=text("false")),
    real_time("created_at", nullable=False),
    real_time("expires_at", nullable=False),
    real_time("revoked_at"),
    Index("session_account_ix", "account_id"),
)

api_token = Table(
    "api_token",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    of_account(),
    Column("token_hash", LargeBinary, nullable=False, unique=True, info=SENSITIVE),
    Column("name", Text, nullable=False),
    real_time("created_at", nullable=False),
    real_time("expires_at", nullable=False),
    real_time("revoked_at"),
    Column("last_used_on", Date),
    Index("api_token_account_ix", "account_id"),
)

sign_in_slip = Table(
    "sign_in_slip",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    of_account(),
    Column("token_hash", LargeBinary, nullable=False, unique=True, info=SENSITIVE),
    Column("issued_by", BigInteger),
    real_time("created_at", nullable=False),
    real_time("expires_at", nullable=False),
    real_time("used_at"),
    comment="A printed one-time QR slip for the first sign-in.",
)

sign_in_failure = Table(
    "sign_in_failure",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("username", Text, nullable=False),
    Column("address", Text, nullable=False),
    real_time("failed_at", nullable=False),
    Index("sign_in_failure_ix", "username", "address", "failed_at"),
    comment="Lockout counts per account and address together.",
)
