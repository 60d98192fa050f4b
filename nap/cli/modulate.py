"""`nap modulate`: write the samples of a downlink as a SigMF recording."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

import numpy as np

from radio.dsp.gfsk import gfsk_waveform
from radio.frontend.sigmf_writer import write_recording
from radio.sigfox.downlink import Downlink, encode_downlink
from radio.sigfox.sendable import UnsendableError
from radio.sigfox.zones import ZONES

USUAL_RATE_HZ: Final = 250_000.0
# Below, the steepest turns of the carrier run into one another; above, files of a second of air
# no longer fit small machines.
LOWEST_RATE_HZ: Final = 4_800.0
HIGHEST_RATE_HZ: Final = 20e6
_SILENCE_S: Final = 0.02


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--device-id", type=hex_number, required=True, metavar="HEX")
    parser.add_argument(
        "--seq-number", type=int, required=True, metavar="N", help="of the uplink that asked"
    )
    parser.add_argument(
        "--nak", type=hex_bytes, required=True, metavar="HEX", help="the device's key"
    )
    parser.add_argument("--payload", type=hex_bytes, required=True, metavar="HEX", help="8 bytes")
    parser.add_argument("--zone", choices=ZONES, default="RC1")
    parser.add_argument(
        "--rate", type=_rate, default=USUAL_RATE_HZ, metavar="SPS", help="samples per second"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="STEM")


def run(args: argparse.Namespace) -> int:
    """Write STEM.sigmf-meta and STEM.sigmf-data."""
    try:
        bits = encode_downlink(Downlink(args.device_id, args.seq_number, args.payload), args.nak)
    except UnsendableError as error:
        sys.stderr.write(f"nap modulate: {error}\n")
        return 2
    waveform = gfsk_waveform(bits, rate_hz=args.rate, carrier_hz=0.0)
    silence = np.zeros(round(_SILENCE_S * args.rate), np.complex64)
    try:
        write_recording(
            args.out,
            [silence, waveform, silence],
            rate_hz=args.rate,
            center_hz=float(ZONES[args.zone].downlink_center_hz),
            description=f"Downlink to {args.device_id:08x}, sequence number {args.seq_number}",
        )
    except OSError as error:
        sys.stderr.write(f"nap modulate: {error.filename}: {error.strerror}\n")
        return 1
    return 0


def hex_number(text: str) -> int:
    """Named for the message that argparse makes of it."""
    return int(text, 16)


def hex_bytes(text: str) -> bytes:
    """Named for the message that argparse makes of it."""
    return bytes.fromhex(text)


def _rate(text: str) -> float:
    rate_hz = float(text)
    if not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
        msg = f"{text} is not {LOWEST_RATE_HZ:g} to {HIGHEST_RATE_HZ:g}"
        raise argparse.ArgumentTypeError(msg)
    return rate_hz
