"""Migration scripts, run by alembic."""
