"""How alembic runs the scripts: on the connection and in the transaction of its caller."""

from __future__ import annotations

from alembic import context

from cloud.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
