"""`nap waterfall`: a recording as a picture, with what was decoded of it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from nap.cli.progress import Progress
from nap.waterfall.bursts import Bursts
from nap.waterfall.picture import Painted, paint
from nap.waterfall.shown import show, summary
from nap.waterfall.spectrogram import Spectrogram
from radio.dsp.receiver import Receiver
from radio.frontend.ports import FrontEndError, IqBlock, RecordingError, StreamFacts
from radio.frontend.sigmf import Recording, RecordingStream
from radio.sigfox.zones import ZONES, Zone
from radio.watched_zones import sensing_s, zones_captured

_BIT_RATES: Final = {"100": (100,), "600": (600,), "both": (100, 600)}


@dataclass(frozen=True, slots=True)
class _Heard:
    """A recording, gone through once."""

    spectrogram: Spectrogram
    bursts: Bursts
    band_hz: tuple[float, float]
    span_s: tuple[float, float]
    started_utc: str | None


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "recording", type=Path, help="SigMF recording: its .sigmf-meta, .sigmf-data or their stem"
    )
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="FILE.png")
    parser.add_argument(
        "--zone", choices=sorted(ZONES), help="show this zone's channel only (else all recorded)"
    )
    parser.add_argument("--bit-rate", choices=sorted(_BIT_RATES), default="both")
    parser.add_argument("--from", dest="from_s", type=_seconds, default=0.0, metavar="S")
    parser.add_argument("--to", dest="to_s", type=_seconds, metavar="S", help="else to the end")
    parser.add_argument("--json", action="store_true", help="print where each burst is")


def run(args: argparse.Namespace) -> int:
    """Write the picture; 1 when the recording cannot be read or the picture not written."""
    if args.to_s is not None and args.to_s <= args.from_s:
        sys.stderr.write(f"nap waterfall: --to {args.to_s:g} is not after --from {args.from_s:g}\n")
        return 2
    try:
        heard = _listen(args)
    except FrontEndError as error:
        sys.stderr.write(f"nap waterfall: {error}\n")
        return 1
    bursts = heard.bursts.earliest_first()
    painted = paint(
        heard.spectrogram.rows_db(),
        bursts,
        band_hz=heard.band_hz,
        span_s=heard.span_s,
        title=_title(args.recording, heard),
    )
    if not _write(painted, args.out):
        return 1
    shown = show(str(args.out), bursts, heard.bursts.more, painted)
    print(msgspec.json.encode(shown).decode() if args.json else summary(shown, painted))
    return 0


def _seconds(text: str) -> float:
    """Named for the message that argparse makes of it."""
    seconds = float(text)
    if not 0 <= seconds < float("inf"):
        msg = f"{text} is not a time in seconds"
        raise argparse.ArgumentTypeError(msg)
    return seconds


def _listen(args: argparse.Namespace) -> _Heard:
    """Go through the recording once: everything is a stream, no file is held."""
    zone = ZONES[args.zone] if args.zone else None
    assumed_hz = float(zone.uplink_center_hz) if zone else 0.0
    with (
        Recording(args.recording, assumed_center_hz=assumed_hz).open() as stream,
        Progress("nap waterfall", "bursts") as progress,
    ):
        receiver = _receiver(stream.facts, _BIT_RATES[args.bit_rate], zone)
        band_hz = _band_hz(stream.facts, zone)
        low_hz, high_hz = (edge_hz - stream.facts.center_hz for edge_hz in band_hz)
        rate_hz = stream.facts.rate_hz
        spectrogram = Spectrogram(rate_hz=rate_hz, band_hz=(low_hz, high_hz), begins_s=args.from_s)
        bursts, ends_s = Bursts(), args.from_s
        for block in _between(stream, args.from_s, args.to_s):
            spectrogram.feed(block.samples, block.first_sample)
            bursts.add(receiver.feed(block.samples, block.first_sample))
            ends_s = (block.first_sample + block.samples.size) / rate_hz
            progress.found = len(bursts)
            progress.show(ends_s, args.to_s or stream.samples / rate_hz)
        bursts.add(receiver.flush())
    if ends_s <= args.from_s:
        msg = f"{args.recording}: no samples from {args.from_s:g} s on"
        raise RecordingError(msg)
    return _Heard(spectrogram, bursts, band_hz, (args.from_s, ends_s), stream.facts.started_utc)


def _receiver(facts: StreamFacts, bit_rates: tuple[int, ...], zone: Zone | None) -> Receiver:
    try:
        return Receiver(
            rate_hz=facts.rate_hz,
            center_hz=facts.center_hz,
            bit_rates=bit_rates,
            bands_hz=(zone.band_hz,) if zone else None,
            sensing_s=sensing_s(
                (zone,) if zone else zones_captured(facts.center_hz, facts.rate_hz)
            ),
        )
    except ValueError as error:
        raise RecordingError(str(error)) from error


def _band_hz(facts: StreamFacts, zone: Zone | None) -> tuple[float, float]:
    """What is shown: the zone as far as it was recorded, or all."""
    low_hz, high_hz = facts.center_hz - facts.rate_hz / 2, facts.center_hz + facts.rate_hz / 2
    return (
        (max(low_hz, zone.band_hz[0]), min(high_hz, zone.band_hz[1])) if zone else (low_hz, high_hz)
    )


def _between(stream: RecordingStream, from_s: float, to_s: float | None) -> Iterator[IqBlock]:
    """The blocks of this stretch, the first and the last one cut to it."""
    rate_hz = stream.facts.rate_hz
    first = round(from_s * rate_hz)
    last = None if to_s is None else round(to_s * rate_hz)
    for block in stream.blocks():
        if last is not None and block.first_sample >= last:
            return
        skip = max(0, first - block.first_sample)
        stop = block.samples.size if last is None else last - block.first_sample
        samples = np.ascontiguousarray(block.samples[skip:stop])
        if samples.size:
            yield IqBlock(samples, block.first_sample + skip)


def _title(recording: Path, heard: _Heard) -> str:
    since = f", second 0 is {heard.started_utc}" if heard.started_utc else ""
    return f"{recording.name.removesuffix('.sigmf-meta')}{since}"


def _write(painted: Painted, out: Path) -> bool:
    content = BytesIO()
    painted.image.save(content, "PNG")
    try:
        out.write_bytes(content.getvalue())
    except OSError as error:
        sys.stderr.write(f"nap waterfall: {out}: {error.strerror}\n")
        return False
    return True
