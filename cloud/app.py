"""The composition root of nap-cloud: names every part, joins them, runs them in one TaskGroup.

    broker ── Ingest ── Writer ── database ── Reader ── WebServer ── people and programs
"""

from __future__ import annotations

import asyncio
import signal
import socket
from datetime import timedelta
from secrets import SystemRandom
from typing import NoReturn

from sqlalchemy import Engine

from cloud.api.health import Figure, Vitals
from cloud.config import Config, MqttSection
from cloud.ingest.service import Delivery, Ingest
from cloud.runtime.supervise import supervise
from cloud.store.commit import Committer
from cloud.store.engine import open_reader, open_writer, parse_url
from cloud.store.migrate import migrate
from cloud.store.reader import Reader
from cloud.store.retention import Retention
from cloud.store.writer import Writer
from cloud.web.application import build_application
from cloud.web.live import LiveFeed
from cloud.web.server import WebServer, listen
from nap.wire.mqtt_types import MqttSettings
from nap.wire.tls_verdicts import TlsFiles

# The broker discards what is larger than we announce, and its station would send it for ever;
# what arrives is refused in words. The same limit as the broker's own.
LARGEST_PACKET_BYTES = 512 * 1024


class StopRequested(Exception):
    """The program was asked to end."""


class Program:
    """All parts of one nap-cloud, joined and ready to run."""

    def __init__(self, config: Config, sock: socket.socket) -> None:
        url = parse_url(config.store.url)
        self._jitter = SystemRandom().uniform
        self._engine = open_writer(url)
        migrate(self._engine)
        reader = Reader(open_reader(url))
        self._writer: Writer[Delivery] = Writer(
            Committer(self._engine, round(config.store.same_message_within_s * 1000)),
            batch_rows=config.store.batch_rows,
            linger_s=config.store.linger_ms / 1000,
            jitter=self._jitter,
        )
        self._ingest = Ingest(_mqtt_settings(config.mqtt), self._writer)
        self._feed = LiveFeed(reader)
        vitals = Vitals(self._faults, self._figures())
        app = build_application(reader, self._feed, vitals, config.web.names)
        self._web = WebServer(app, self._feed, sock)
        self._retention = Retention(open_writer(url), _keep(config))

    async def run(self) -> None:
        """Run until a signal asks to end; a bug in any part ends all of them."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_until_signal(), name="signals")
                group.create_task(self._writer.run(self._ingest.committed), name="writer")
                group.create_task(self._feed.run(), name="feed")
                for service in (self._ingest, self._web, self._retention):
                    group.create_task(supervise(service, self._jitter), name=service.name)
        except* StopRequested:
            pass
