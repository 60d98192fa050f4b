"""The status as Prometheus metrics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from nap.status import Status


class _Metric(NamedTuple):
    """One metric; samples by their labels, without those that have no value."""

    name: str
    kind: str
    text: str
    samples: dict[str, float | None]


def exposition(status: Status) -> str:
    """Text format 0.0.4."""
    lines = [line for metric in _metrics(status) for line in _lines(metric)]
    return "\n".join(lines) + "\n"


def _lines(metric: _Metric) -> Iterator[str]:
    yield f"# HELP nap_{metric.name} {metric.text}"
    yield f"# TYPE nap_{metric.name} {metric.kind}"
    for labels, value in metric.samples.items():
        if value is not None:
            yield f"nap_{metric.name}{labels} {value!r}"


def _metrics(status: Status) -> list[_Metric]:
    spool, radio, balance, whitelist = (
        status.spool, status.radio, status.balance, status.whitelist,
    )  # fmt: skip
    stats = radio.stats
    lost, noise = (stats.samples_lost, stats.noise_dbfs_per_hz) if stats else (None, None)

    def one(name: str, kind: str, text: str, value: float | None) -> _Metric:
        return _Metric(name, kind, text, {"": value})

    return [
        one("frames_heard_total", "counter", "Frames decoded.", balance.heard),
        one("ledger_adds_up", "gauge", "1: all are accounted for.", int(balance.adds_up)),
        one("alarms", "gauge", "Things to look at.", len(status.alarms)),
        one("radio_receiving", "gauge", "1: samples flow.", int(radio.state == "receiving")),
        one("radio_simulated", "gauge", "1: not a real part.", int(radio.simulated)),
        one("radio_restarts_total", "counter", "Workers restarted.", radio.restarts),
        one("radio_load", "gauge", "CPU time over sample time.", stats.load if stats else None),
        one("radio_samples_lost_total", "counter", "By hardware.", lost),
        one("radio_noise_dbfs_per_hz", "gauge", "Noise floor.", noise),
        one("spool_durable", "gauge", "0: only in memory.", int(spool.durable)),
        one("spool_bytes", "gauge", "Room taken.", spool.bytes),
        one("spool_max_bytes", "gauge", "Room there is.", spool.max_bytes),
        one("spool_outage_hours_left", "gauge", "Outage that still fits.", spool.hours_left),
        one("whitelist_would_drop_total", "counter", "If enforced.", whitelist.would_drop),
        one("quota_used_today", "gauge", "Messages relayed.", status.quota.used_today),
        _Metric("frames", "gauge", "Frames by end; they sum up to heard.", _end_states(status)),
        _Metric("downlinks", "gauge", "Commands by how they ended.", _downlinks(status)),
        _Metric(
            "destination_connected",
            "gauge",
            "1: there is a session.",
            {_labels(destination=d.name): int(d.connected) for d in status.destinations},
        ),
        _Metric(
            "destination_waiting",
            "gauge",
            "Records still to take.",
            {_labels(destination=d.name): d.waiting for d in status.destinations},
        ),
    ]


def _end_states(status: Status) -> dict[str, float | None]:
    return {
        _labels(destination=name, state=state): count
        for name, destination in status.balance.destinations.items()
        for state, count in destination.end_states.items()
    }


def _downlinks(status: Status) -> dict[str, float | None]:
    return {_labels(end=end): count for end, count in status.downlinks.ended.items()}


def _labels(**values: str) -> str:
    # Names come from the configuration, which allows nothing that would need escaping.
    return "{" + ",".join(f'{name}="{value}"' for name, value in values.items()) + "}"
