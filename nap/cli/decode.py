"""`nap decode`: every uplink in a recording, one JSON object a line, as soon as it is complete."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from nap.cli.keys import KeyFileError, read_keys
from nap.cli.progress import Progress
from nap.combine import Closed, Combiner, Event, hold_s
from radio.events import FrameHeard
from radio.frontend.ports import FrontEndError
from radio.frontend.sigmf import Recording
from radio.listener import Counts, Listener
from radio.sigfox.tag import tags_equal, uplink_tag
from radio.sigfox.zones import ZONES
from radio.watched_zones import sensing_s

_BIT_RATES: Final = {"100": (100,), "600": (600,), "both": (100, 600)}
_HEADER_BYTES: Final = 6


class Replica(msgspec.Struct, frozen=True):
    """One frame of an uplink."""

    rank: int
    offset_s: float
    frequency_hz: float
    snr_db: float
    drift_hz_per_s: float


class DecodedUplink(msgspec.Struct, frozen=True, kw_only=True):
    """One line of output. Time and frequency are those of the earliest frame, levels of the best.

    Attributes:
        authenticated: Whether the tag fits the device's key; None where no key is known.
        combined: Only several frames together decoded.
        offset_s: Start of the first preamble bit, s from the start of the recording.
    """

    device_id: str
    seq_number: int
    payload: str
    message_type: str
    bidirectional: bool
    bit_rate: int
    authenticated: bool | None
    combined: bool
    offset_s: float
    time: str | None
    frequency_hz: float
    snr_db: float
    rssi_dbm: float | None
    frames: list[Replica]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "recording", type=Path, help="SigMF recording: its .sigmf-meta, .sigmf-data or their stem"
    )
    parser.add_argument(
        "--keys", type=Path, metavar="FILE", help="JSON object: device id to NAK, both hex"
    )
    parser.add_argument(
        "--zone", choices=sorted(ZONES), help="watch this zone's channel only (else all recorded)"
    )
    parser.add_argument("--bit-rate", choices=sorted(_BIT_RATES), default="both")


def run(args: argparse.Namespace) -> int:
    """Decode the recording; 1 when it or the keys cannot be read."""
    encoder = msgspec.json.Encoder()
    try:
        keys = read_keys(args.keys) if args.keys else {}
        with Progress("nap decode", "messages") as progress:
            for closed in _complete(args, progress):
                line = encoder.encode(describe(closed, keys)).decode()
                progress.clear()
                progress.found += 1
                sys.stdout.write(line + "\n")
                sys.stdout.flush()
    except (FrontEndError, KeyFileError) as error:
        sys.stderr.write(f"nap decode: {error}\n")
        return 1
    return 0


def describe(closed: Closed, keys: dict[str, bytes]) -> DecodedUplink:
    """What is printed of a complete message."""
    first, best = closed.frames[0], closed.best
    return DecodedUplink(
        device_id=first.device_id,
        seq_number=first.seq_number,
        payload=first.payload,
        message_type=first.message_type,
        bidirectional=first.bidirectional,
        bit_rate=first.bit_rate,
        authenticated=_authenticated(first, keys),
        combined=all(frame.combined for frame in closed.frames),
        offset_s=first.offset_s,
        time=first.received_utc,
        frequency_hz=first.frequency_hz,
        snr_db=best.snr_db,
        rssi_dbm=best.rssi_dbm,
        frames=[
            Replica(f.rank, f.offset_s, f.frequency_hz, f.snr_db, f.drift_hz_per_s)
            for f in closed.frames
        ],
    )


def _authenticated(frame: FrameHeard, keys: dict[str, bytes]) -> bool | None:
    nak = keys.get(frame.device_id)
    if nak is None:
        return None
    packet = bytes.fromhex(frame.packet)
    split = _HEADER_BYTES + len(frame.payload) // 2
    message, tag = packet[:split], packet[split:]
    return tags_equal(tag, uplink_tag(message, nak, len(tag)))


def _complete(args: argparse.Namespace, progress: Progress) -> Iterator[Closed]:
    """Messages of the recording in the order in which they are complete."""
    zone: str | None = args.zone
    # Without a frequency in the recording, carriers are counted from its centre.
    centre_hz = float(ZONES[zone].uplink_center_hz) if zone else 0.0
    # Which zone's devices listen before they talk is not always known: allow for it.
    longest_s = sensing_s(tuple(ZONES.values()))
    combiner = Combiner(lambda bit_rate: hold_s(bit_rate, sensing_s=longest_s))
    with Recording(args.recording, assumed_center_hz=centre_hz).open() as stream:
        listener = Listener(
            stream.facts,
            Counts(),
            bit_rates=_BIT_RATES[args.bit_rate],
            zones=(ZONES[zone],) if zone else (),
        )
        now = 0.0
        for block in stream.blocks():
            heard = listener.feed(block, None)
            now = (block.first_sample + block.samples.size) / stream.facts.rate_hz
            yield from _closed(combiner, heard, now)
            yield from combiner.poll(now)
            progress.show(now, stream.samples / stream.facts.rate_hz)
        yield from _closed(combiner, listener.flush(), now)
    yield from combiner.flush()


def _closed(combiner: Combiner, heard: list[FrameHeard], now: float) -> Iterator[Closed]:
    for frame in sorted(heard, key=lambda frame: frame.offset_s):
        events: list[Event] = combiner.receive(frame, now)
        yield from (event for event in events if isinstance(event, Closed))
