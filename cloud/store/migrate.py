"""Bring a database to the newest schema, under a lock, with the scripts shipped here."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from cloud.errors import StoreError

# Any number, the same in every version: two programs that start at once migrate one by one.
_LOCK: Final = 0x6E617001


def migrate(engine: Engine) -> str:
    """Migrate to the newest schema in one transaction; return its revision.

    Raises:
        StoreError: the database cannot be opened, or is of a newer program.
    """
    try:
        with engine.begin() as connection:
            _lock(connection)
            command.upgrade(_alembic(connection), "head")
            return MigrationContext.configure(connection).get_current_revision() or ""
    except SQLAlchemyError as error:
        shown = engine.url.render_as_string(hide_password=True)
        msg = f"cannot migrate {shown}: {error.__cause__ or error}"
        raise StoreError(msg) from error
    except CommandError as error:
        msg = f"the database is of another version of this program: {error}"
        raise StoreError(msg) from error


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def _alembic(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
