"""The status as Prometheus metrics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from nap.radio_link import RadioStatus
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

    return [
        _one("frames_heard_total", "counter", "Frames decoded.", balance.heard),
        _one("ledger_adds_up", "gauge", "1: all are accounted for.", int(balance.adds_up)),
        _one("alarms", "gauge", "Things to look at.", len(status.alarms)),
        _one("radio_receiving", "gauge", "1: samples flow.", int(radio.state == "receiving")),
        _one("radio_simulated", "gauge", "1: not a real part.", int(radio.simulated)),
        _one("radio_restarts_total", "counter", "Workers restarted.", radio.restarts),
        _one("radio_load", "gauge", "CPU time over sample time.", stats.load if stats else None),
        _one("radio_samples_lost_total", "counter", "By hardware.", lost),
        _one("radio_noise_dbfs_per_hz", "gauge", "Noise floor.", noise),
        *_radio_metrics(radio),
        _one("late_messages_total", "counter", "Found in old clips.", status.late.messages),
        _one("spool_durable", "gauge", "0: only in memory.", int(spool.durable)),
        _one("spool_bytes", "gauge", "Room taken.", spool.bytes),
        _one("spool_max_bytes", "gauge", "Room there is.", spool.max_bytes),
        _one("spool_outage_hours_left", "gauge", "Outage that still fits.", spool.hours_left),
        _one("whitelist_would_drop_total", "counter", "If enforced.", whitelist.would_drop),
        _one("quota_used_today", "gauge", "Messages relayed.", status.quota.used_today),
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


def _radio_metrics(radio: RadioStatus) -> Iterator[_Metric]:
    """Levels, heartbeat, oscillator and black box, as far as they are known."""
    stats, day = radio.stats, radio.levels
    if day:
        yield _one("radio_busy_share", "gauge", "Time and frequency in use, now.", day.busy_now)
        yield _Metric(
            "radio_noise_of_khz_dbfs_per_hz",
            "gauge",
            "Median noise of a kHz over 24 h.",
            {_labels(khz=str(k)): v for k, v in zip(day.khz, day.noise_of_khz, strict=True)},
        )
        yield _Metric(
            "radio_busy_of_khz_share",
            "gauge",
            "Time in use over 24 h.",
            {_labels(khz=str(k)): v for k, v in zip(day.khz, day.busy_of_khz, strict=True)},
        )
        yield _one("radio_drift_hz_per_s", "gauge", "Of our oscillator.", day.common_drift_hz_per_s)
    if stats is None:
        return
    yield _one("radio_samples_blanked_total", "counter", "Impulses.", stats.samples_blanked)
    yield _one("radio_candidates_total", "counter", "Looked like a preamble.", stats.candidates)
    yield _one("radio_bursts_total", "counter", "Of these more than noise.", stats.bursts)
    yield _one("radio_full_scale_dbm", "gauge", "At the antenna.", stats.full_scale_dbm)
    if (beat := stats.heartbeat) is not None:
        sent, heard = beat.injected_last_hour, beat.decoded_last_hour
        yield _one("heartbeats_total", "counter", "Own frames added to the samples.", beat.injected)
        yield _one("heartbeats_decoded_total", "counter", "Of these.", beat.decoded)
        share = heard / sent if sent else None
        yield _one("heartbeat_rate", "gauge", "Share decoded in the last hour.", share)
    if (oscillator := stats.oscillator) is not None:
        yield _one("oscillator_ppm", "gauge", "+: fast.", oscillator.ppm)
        yield _one("oscillator_uncertainty_ppm", "gauge", "+-.", oscillator.uncertainty_ppm)
    if (box := stats.black_box) is not None:
        yield _one("clips", "gauge", "Kept by the black box.", box.clips)
        yield _one("clips_bytes", "gauge", "Room taken.", box.bytes)
        yield _one("clips_failed_total", "counter", "Not written.", box.failed)


def _one(name: str, kind: str, text: str, value: float | None) -> _Metric:
    return _Metric(name, kind, text, {"": value})


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
