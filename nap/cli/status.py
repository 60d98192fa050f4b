"""`nap status`: how the gateway on this box is."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator

import msgspec

from nap.cli.box import add_config_argument, ask, show
from nap.cli.radio_facts import radio_facts
from nap.config import Config
from nap.relay.status import DestinationStatus
from nap.status import DownlinkStatus, Status


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_config_argument(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Ask and print; 1 when the gateway does not run."""

    def lines(config: Config) -> Iterator[str]:
        status = ask(config.socket_path, "GET", "/v1/status", Status)
        return iter([msgspec.json.encode(status).decode()]) if args.json else _page(status)

    return show(args, lines)


def _page(status: Status) -> Iterator[str]:
    yield f"{status.nap_id}  {status.model}  nap {status.version}, since {status.started_utc}"
    yield ""
    yield from _rows(_facts(status))
    yield ""
    yield from _destinations(status.destinations)
    yield ""
    yield from _ledger(status)
    for alarm in status.alarms:
        yield _red(f"ALARM  {alarm}")


def _facts(status: Status) -> Iterator[tuple[str, str]]:
    yield "radio", _radio(status)
    yield from radio_facts(status.radio)
    if status.late.waiting or status.late.tried:
        late = status.late
        yield (
            "old clips",
            (
                f"{late.tried} decoded again, {late.messages} late messages in them, "
                f"{late.waiting} still to try"
            ),
        )
    whitelist = status.whitelist
    yield (
        "whitelist",
        (
            f"{whitelist.mode.value}, {whitelist.allow} allowed, {whitelist.deny} denied; "
            f"enforce would have dropped {whitelist.would_drop} messages"
        ),
    )
    spool = status.spool
    hours = "-" if spool.hours_left is None else f"{spool.hours_left:.1f} h"
    kept = "on disk" if spool.durable else f"NOT DURABLE: {spool.refusal}"
    yield (
        "spool",
        (
            f"{spool.records} records, {spool.bytes:,} of {spool.max_bytes:,} bytes, {kept}; "
            f"an outage of {hours} still fits"
        ),
    )
    quota = status.quota
    limit = "no limit" if quota.per_day is None else f"of {quota.per_day}"
    yield "quota", f"{quota.used_today} messages today, {limit}"
    yield "downlinks", _downlinks(status.downlinks)
    if status.services_down:
        yield "down", "; ".join(f"{name}: {why}" for name, why in status.services_down.items())


def _downlinks(downlinks: DownlinkStatus) -> str:
    state = "no transmitter" if downlinks.transmits is None else downlinks.transmits
    ends = [f"{count} {end}" for end, count in downlinks.ended.items() if count]
    return ", ".join([state, f"{downlinks.open} open", *ends])


def _radio(status: Status) -> str:
    radio = status.radio
    parts = [radio.state, *radio.zones]
    if radio.part:
        parts.append(f"{radio.part}{' (simulated)' if radio.simulated else ''}")
    if radio.stats:
        parts.append(f"load {radio.stats.load:.2f}")
        if radio.stats.noise_dbfs_per_hz is not None:
            parts.append(f"noise {radio.stats.noise_dbfs_per_hz:.1f} dBFS/Hz")
        parts.append(f"{radio.stats.samples_lost} samples lost")
    if radio.problem:
        parts.append(radio.problem)
    return ", ".join(parts)


def _destinations(destinations: list[DestinationStatus]) -> Iterator[str]:
    if not destinations:
        yield "no destination is configured; messages stay in the spool"
        return
    yield from _rows(
        (
            one.name,
            (
                f"{'connected' if one.connected else 'not connected'} since {one.since_utc}, "
                f"{one.kind} {one.address}, {one.waiting} waiting{_trouble(one)}"
            ),
        )
        for one in destinations
    )


def _trouble(one: DestinationStatus) -> str:
    if one.last_failure is None or one.connected:
        return ""
    again = one.next_attempt_in_s
    when = "" if again is None else f"; again in {again:.0f} s"
    return f"; {one.last_failure.cause}: {one.last_failure.text}{when}"


def _ledger(status: Status) -> Iterator[str]:
    books = status.balance
    for name, one in books.destinations.items():
        ends = " + ".join(f"{count} {state}" for state, count in one.end_states.items() if count)
        sums = f"{books.heard} heard = {ends or '0'}"
        difference = f"  DOES NOT ADD UP: {one.unaccounted:+d}" if one.unaccounted else ""
        yield from _rows([(f"ledger {name}", sums + (_red(difference) if difference else ""))])


def _rows(rows: Iterator[tuple[str, str]] | list[tuple[str, str]]) -> Iterator[str]:
    for name, text in rows:
        yield f"{name:<14}{text}"


def _red(text: str) -> str:
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return f"\x1b[31m{text}\x1b[0m" if colour else text
