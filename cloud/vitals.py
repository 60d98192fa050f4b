"""What health and metrics tell of a running program."""

from __future__ import annotations

from collections.abc import Callable

from cloud.api.health import Figure, Vitals
from cloud.ingest.service import IngestState
from cloud.store.writer import WriterState
from cloud.web.live import LiveFeed


def vitals_of(ingest: IngestState, writer: WriterState, feed: LiveFeed) -> Vitals:
    """Read the states of the parts whenever somebody asks."""

    def faults() -> dict[str, str]:
        told = {"broker": ingest.fault, "database": writer.refusing}
        return {part: fault for part, fault in told.items() if fault is not None}

    return Vitals(faults, (*_counters(ingest, writer), *_gauges(ingest, writer, feed)))


def _counters(ingest: IngestState, writer: WriterState) -> list[Figure]:
    return [
        _counter("received", "MQTT messages received", lambda: ingest.received),
        _counter("acknowledged", "Records acknowledged end to end", lambda: ingest.acknowledged),
        _counter("refused", "MQTT messages refused", lambda: ingest.refused),
        _counter("connections", "Connections made to the broker", lambda: ingest.connections),
        _counter("records", "New records stored", lambda: writer.new_records),
        _counter("replays", "Records that were stored before", lambda: writer.replayed_records),
        _counter("messages", "New messages stored", lambda: writer.new_messages),
        _counter("commits", "Transactions committed", lambda: writer.batches),
        _counter("commit_seconds", "Time spent in transactions", lambda: writer.commit_s),
        _counter("commit_failures", "Transactions refused", lambda: writer.failures),
    ]


def _gauges(ingest: IngestState, writer: WriterState, feed: LiveFeed) -> list[Figure]:
    return [
        _gauge("connected", "1 while connected to the broker", lambda: ingest.fault is None),
        _gauge("storing", "1 while the database takes messages", lambda: writer.refusing is None),
        _gauge("live_pages", "Live pages open", lambda: feed.viewers),
    ]


def _counter(name: str, summary: str, read: Callable[[], float]) -> Figure:
    return Figure(f"nap_cloud_{name}_total", "counter", summary, read)


def _gauge(name: str, summary: str, read: Callable[[], float]) -> Figure:
    return Figure(f"nap_cloud_{name}", "gauge", summary, read)
