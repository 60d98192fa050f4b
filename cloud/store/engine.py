"""Open SQLite or PostgreSQL with the settings that keep what was committed."""

from __future__ import annotations

import sqlite3
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import IsolationLevel
from sqlalchemy.exc import ArgumentError

from cloud.errors import StoreError

BUSY_TIMEOUT_MS: Final = 10_000

# FULL: NORMAL loses committed rows at a power cut.
_SQLITE_SETTINGS: Final = (
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)

# A server that vanished without a word is noticed in seconds, not in the hours TCP would take.
_POSTGRESQL_SETTINGS: Final[dict[str, Any]] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
    "application_name": "nap-cloud",
    "options": "-c statement_timeout=30000 -c timezone=UTC",
}


def parse_url(text: str) -> URL:
    """Understand a database URL; `postgresql://` and `sqlite:///` need no driver named.

    Raises:
        StoreError: not a URL, or a database that is not supported.
    """
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise StoreError(
            "the database URL is malformed; write sqlite:////path/file.db or "
            "postgresql://user@host/name"
        ) from error
    if url.drivername in {"postgresql", "postgres", "postgresql+psycopg"}:
        return url.set(drivername="postgresql+psycopg")
    if url.drivername in {"sqlite", "sqlite+pysqlite"}:
        if url.database in {None, "", ":memory:"}:
            raise StoreError("SQLite needs a file: sqlite:////var/lib/nap-cloud/cloud.db")
        return url.set(drivername="sqlite+pysqlite")
    msg = f"database {url.drivername!r} is not supported; use sqlite or postgresql"
    raise StoreError(msg)


def open_writer(url: URL) -> Engine:
    """An engine whose transactions take the write lock at once (no upgrade, no deadlock)."""
    return _open(url, begin="BEGIN IMMEDIATE", isolation="READ COMMITTED", pool_size=1)


def open_reader(url: URL) -> Engine:
    """An engine for queries; all queries of a transaction see the same moment. Thread-safe."""
    return _open(url, begin="BEGIN", isolation="REPEATABLE READ", pool_size=5)


def _open(url: URL, *, begin: str, isolation: IsolationLevel, pool_size: int) -> Engine:
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, pool_size=pool_size, max_overflow=0, pool_timeout=10)
        _keep_sqlite_honest(engine, begin)
        return engine
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        pool_pre_ping=True,
        isolation_level=isolation,
        connect_args=_POSTGRESQL_SETTINGS,
    )


def _keep_sqlite_honest(engine: Engine, begin: str) -> None:
    """Take transactions into our own hands: the driver would begin them late, and not for DDL."""

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        for setting in _SQLITE_SETTINGS:
            connection.execute(setting)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)
