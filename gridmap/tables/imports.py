"""Bringing files in: what was sent, how the rows of a run were before it, and rows that wait to be placed by hand."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from gridmap.tables.base import geometry, id_tells_street, metadata, one_of, own_id, primary_key, refers, street_key
from gridmap.tables.operations import happened_at

UPLOAD_STATES = ("reading", "guessed", "checking", "checked", "writing", "written", "dropped")
UNPLACED_STATES = ("waiting", "placed", "rejected", "withdrawn")
WRITTEN_TO = ("place", "community", "basemap")

upload = Table(
    "upload",
    metadata,
    street_key(),
    own_id(),
    Column("account_id", BigInteger, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'reading'")),
    Column("said", JSONB, nullable=False, server_default=text("'{}'"), comment="what the person says of the file"),
    Column("guessed", JSONB, comment="what the file says of itself, with rows to look at"),
    Column("judged", JSONB, comment="counts, reasons and spots of the preview"),
    Column("report", LargeBinary, comment="the file of findings, by its SHA-256"),
    Column("problem", JSONB, comment="code and params of why the last step did not go through"),
    Column("job_id", BigInteger),
    Column("run_id", ForeignKey("gridmap.import_run.id")),
    Column("revision", Integer, nullable=False, server_default=text("1")),
    Column("sent_at", DateTime(timezone=True), nullable=False),
    happened_at("changed_at"),
    primary_key("id"),
    id_tells_street(),
    one_of("state", UPLOAD_STATES),
    Index("upload_sent_ix", "street_id", "sent_at"),
    comment="A file on its way into the register: read, looked at, and written or dropped.",
)

import_row = Table(
    "import_row",
    metadata,
    street_key(),
    Column("run_id", ForeignKey("gridmap.import_run.id"), nullable=False),
    Column("relation", Text, nullable=False),
    Column("row_id", BigInteger, nullable=False),
    Column("revision", Integer, nullable=False, comment="as the run left it"),
    Column("before", JSONB, comment="empty: the run made the row"),
    Column("beside", JSONB, comment="what stood beside the place, where the run may have changed it"),
    geometry(),
    PrimaryKeyConstraint("street_id", "run_id", "relation", "row_id"),
    one_of("relation", WRITTEN_TO),
    Index("import_row_of_ix", "street_id", "row_id"),
    comment="Each row that a run has written, as it was before: for taking the run back.",
)

unplaced = Table(
    "unplaced",
    metadata,
    street_key(),
    own_id(),
    Column("run_id", ForeignKey("gridmap.import_run.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("digest", Text, nullable=False, comment="of its cells: the same row of the same file waits once"),
    Column("cells", JSONB, nullable=False, comment="under the names of our columns, as they were read"),
    Column("name", Text, nullable=False),
    Column("address", Text),
    Column("file_row", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'waiting'")),
    Column("place_id", BigInteger),
    Column("why", Text),
    Column("decided_by", BigInteger),
    Column("decided_at", DateTime(timezone=True)),
    primary_key("id"),
    UniqueConstraint("street_id", "kind", "digest"),
    refers("place_id", "place"),
    id_tells_street(),
    one_of("state", UNPLACED_STATES),
    Index("unplaced_waiting_ix", "street_id", "state", "id"),
    Index("unplaced_place_ix", "street_id", "place_id", postgresql_where=text("place_id IS NOT NULL")),
    comment="Rows of files that no position and no known address leads to a place.",
)
