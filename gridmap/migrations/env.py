"""Alembic's entry: runs on the connection that gridmap.db.migrate() hands over."""

from alembic import context

from gridmap.tables import SCHEMA, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table_schema=SCHEMA,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
