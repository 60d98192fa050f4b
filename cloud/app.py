"""The composition root of nap-cloud: names every part, joins them, runs them in one TaskGroup.

broker ── Ingest ── Writer ── database ── Reader ── WebServer ── people and programs
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from datetime import timedelta
from secrets import SystemRandom
from typing import Final, NoReturn

from cloud.config import Config, MqttSection, StoreSection
from cloud.ingest.service import Delivery, Ingest
from cloud.runtime.supervise import Service, supervise
from cloud.store.commit import Committer
from cloud.store.engine import open_reader, open_writer, parse_url
from cloud.store.migrate import migrate
from cloud.store.reader import Reader
from cloud.store.retention import Retention
from cloud.store.writer import Writer
from cloud.vitals import vitals_of
from cloud.web.application import build_application
from cloud.web.live import LiveFeed
from cloud.web.server import WebServer, listen
from nap.wire.mqtt_types import MqttSettings
from nap.wire.tls_verdicts import TlsFiles

log = logging.getLogger(__name__)

# The broker discards what is larger than we announce, and its station would send it for ever;
# what arrives is refused in words. Hence the same limit as the broker's own.
LARGEST_PACKET_BYTES: Final = 512 * 1024
# More than our broker's configuration lets wait for one client (max_queued_messages): a broker
# that forgets Receive Maximum costs some 60 MB here, and not the connection again and again.
EXCESS: Final = 24_000


class StopRequestedError(Exception):
    """A signal asked the program to end."""


class Program:
    """All parts of one nap-cloud, joined and ready to run."""

    def __init__(self, config: Config, sock: socket.socket) -> None:
        self._jitter = SystemRandom().uniform
        url = parse_url(config.store.url)
        engine = open_writer(url)
        log.info("the database is ready: schema=%s", migrate(engine))
        reader = Reader(open_reader(url))
        self._writer: Writer[Delivery] = Writer(
            Committer(engine, round(config.store.same_message_within_s * 1000)),
            batch_rows=config.store.batch_rows,
            linger_s=config.store.linger_ms / 1000,
            jitter=self._jitter,
        )
        self._ingest = Ingest(_mqtt_settings(config.mqtt), self._writer)
        self._feed = LiveFeed(reader)
        vitals = vitals_of(self._ingest.state, self._writer.state, self._feed)
        app = build_application(reader, self._feed, vitals, config.web.names)
        self._services: tuple[Service, ...] = (
            self._ingest,
            WebServer(app, self._feed, sock),
            Retention(open_writer(url), _keep(config.store)),
        )

    async def run(self) -> None:
        """Run until SIGTERM or SIGINT; a bug in any part ends all of them."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_until_signal(), name="signals")
                group.create_task(self._writer.run(self._ingest.committed), name="writer")
                group.create_task(self._feed.run(), name="feed")
                for service in self._services:
                    group.create_task(supervise(service, self._jitter), name=service.name)
        except* StopRequestedError:
            log.info("ended as asked")


def run(config: Config) -> None:
    """Run nap-cloud until it is asked to end.

    Raises:
        StartError: the port is taken.
        StoreError: the database cannot be opened.
    """
    with listen(config.web.host, config.web.port) as sock:
        program = Program(config, sock)
        log.info("console at http://%s:%d/", config.web.host, config.web.port)
        asyncio.run(program.run())


async def _until_signal() -> NoReturn:
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    await asked.wait()
    raise StopRequestedError


def _mqtt_settings(section: MqttSection) -> MqttSettings:
    return MqttSettings(
        host=section.host,
        port=section.port,
        client_id=section.client_id,
        files=TlsFiles(
            authority_path=section.authority,
            certificate_path=section.certificate,
            key_path=section.key,
        ),
        receive_maximum=section.receive_maximum,
        excess=EXCESS,
        largest_packet_bytes=LARGEST_PACKET_BYTES,
    )


def _keep(section: StoreSection) -> timedelta | None:
    days = section.keep_messages_days
    return timedelta(days=days) if days else None
