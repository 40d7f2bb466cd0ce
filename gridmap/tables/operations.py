"""What every command writes beside its change: audit, the change feed, submissions; files, jobs, imports."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Sequence,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from gridmap.tables.base import metadata, one_of, primary_key, scope_columns, street_key

serial = Sequence("serial", start=2**24, maxvalue=2**32 - 1, metadata=metadata)


def happened_at(name: str = "at") -> "Column[object]":
    """The real moment of the row."""
    return Column(name, DateTime(timezone=True), nullable=False, server_default=text("now()"))


def any_street() -> "Column[int]":
    """The street, or 0 for what belongs to none."""
    return Column("street_id", Integer, nullable=False, server_default=text("0"))


audit = Table(
    "audit",
    metadata,
    any_street(),
    Column("id", BigInteger, Identity(), nullable=False),
    happened_at(),
    Column("business_at", DateTime(timezone=True), nullable=False),
    Column("account_id", BigInteger),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("subject_id", Text),
    Column("before", JSONB),
    Column("after", JSONB),
    Column("why", Text),
    PrimaryKeyConstraint("street_id", "id"),
    Index("audit_at_ix", "street_id", "at"),
    Index("audit_subject_ix", "street_id", "subject", "subject_id"),
    comment="Append-only: who changed, exported, granted or unmasked what, when and why.",
)

change = Table(
    "change",
    metadata,
    any_street(),
    Column("id", BigInteger, Identity(), nullable=False),
    Column("layer", Text, nullable=False),
    Column("weight", BigInteger, nullable=False, server_default=text("1")),
    happened_at(),
    PrimaryKeyConstraint("street_id", "id"),
    Index("change_id_ix", "id"),
    comment="The feed that every process follows; the version of a layer is the sum of its weights.",
)

submission = Table(
    "submission",
    metadata,
    street_key(),
    Column("sent_id", Uuid, nullable=False),
    Column("account_id", BigInteger, ForeignKey("gridmap.account.id"), nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("answer", JSONB),
    happened_at("received_at"),
    PrimaryKeyConstraint("street_id", "sent_id"),
    comment="Written first in the transaction, so that sending twice is sending once.",
)

file = Table(
    "file",
    metadata,
    street_key(),
    Column("sha256", LargeBinary, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("name", Text),
    Column("account_id", BigInteger),
    Column("parties", ARRAY(BigInteger), comment="of a case: organisations that it is given to; empty: of no case"),
    *scope_columns(),
    happened_at("stored_at"),
    PrimaryKeyConstraint("street_id", "sha256"),
    CheckConstraint("octet_length(sha256) = 32", name="sha256_whole"),
)

import_run = Table(
    "import_run",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("street_id", Integer),
    Column("account_id", BigInteger),
    Column("crs", Text),
    Column("datum", Text),
    Column("encoding", Text),
    Column("mapping", JSONB, nullable=False, server_default=text("'{}'")),
    Column("counts", JSONB, nullable=False, server_default=text("'{}'")),
    happened_at("imported_at"),
    Column("undo_job_id", BigInteger),
    Column("undone_at", DateTime(timezone=True)),
    Column("undone_by", BigInteger),
    Column("undone", JSONB, comment="how many rows were taken back, and how many had to stay"),
    comment="Provenance: which file brought which rows, read how.",
)

import_source = Table(
    "import_source",
    metadata,
    street_key(),
    Column("kind", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("columns", JSONB, nullable=False, comment="our column → column of the file, as a person said it"),
    Column("datum", Text),
    Column("dates", Text, comment="what stands first in 03/04/2020; empty: not said"),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("changed_by", BigInteger),
    primary_key("kind", "source"),
    one_of("datum", ("wgs84", "gcj02", "bd09")),
    one_of("dates", ("dmy", "mdy")),
    comment="How files of a source were read last: guessed the next time.",
)

job = Table(
    "job",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("arguments", JSONB, nullable=False, server_default=text("'{}'")),
    Column("account_id", BigInteger),
    Column("state", Text, nullable=False, server_default=text("'queued'")),
    Column("progress", Float, nullable=False, server_default=text("0")),
    Column("message", Text),
    Column("result", JSONB),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("not_before", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("started_at", DateTime(timezone=True)),
    Column("finished_at", DateTime(timezone=True)),
    one_of("state", ("queued", "running", "done", "failed")),
    Index("job_queue_ix", "state", "not_before", "id"),
)
