"""`nap modulate` writes what a device of the zone would receive."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import sigmf

from radio.dsp.gfsk import GFSK_LEAD_SYMBOLS
from radio.frontend.sigmf import Recording
from radio.sigfox.downlink import DownlinkFrame, decode_downlink, verify_downlink

MODULATE = [sys.executable, "-c", "import sys; from nap.cli.app import main; sys.exit(main())"]
MODULATE += ["modulate"]
NAK = "479e4480fd7596d45b0122fd282db3cf"
DOWNLINK = ["--device-id", "004d33db", "--seq-number", str(0x16B), "--nak", NAK]
DOWNLINK += ["--payload", "deadbeefdeadbeef"]


@pytest.mark.parametrize(
    ("extra", "center_hz", "rate_hz"),
    [([], 869_525_000, 250_000), (["--zone", "RC2", "--rate", "48000"], 905_200_000, 48_000)],
)
def test_the_recording_decodes_to_the_downlink(
    tmp_path: Path, extra: list[str], center_hz: int, rate_hz: int
) -> None:
    subprocess.run([*MODULATE, *DOWNLINK, *extra, "--out", tmp_path / "down"], check=True)
    sigmf.sigmffile.fromfile(str(tmp_path / "down.sigmf-meta")).validate()
    with Recording(tmp_path / "down").open() as stream:
        assert (stream.facts.center_hz, stream.facts.rate_hz) == (center_hz, rate_hz)
        samples = np.concatenate([block.samples for block in stream.blocks()])
    offset_hz = np.angle(samples[1:] * samples[:-1].conj())
    starts_s = np.flatnonzero(np.abs(samples) > 1e-3)[0] / rate_hz
    middles_s = starts_s + (np.arange(224) + GFSK_LEAD_SYMBOLS + 0.5) / 600
    bits = (offset_hz[(middles_s * rate_hz).astype(int)] > 0).astype(np.uint8)
    frame = decode_downlink(bits, 0x004D33DB, 0x16B)
    assert isinstance(frame, DownlinkFrame)
    assert frame.downlink.payload.hex() == "deadbeefdeadbeef"
    assert frame.corrected_bits == 0
    assert verify_downlink(frame, bytes.fromhex(NAK))


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        (["--payload", "00"], "8 bytes"),
        (["--payload", "xyz"], "--payload"),
        (["--seq-number", "5000"], "seq_number 5000"),
        (["--nak", "00"], "nak has 1 bytes"),
        (["--rate", "nan"], "--rate"),
        (["--zone", "RC9"], "--zone"),
    ],
)
def test_wrong_usage_is_named_and_exits_with_two(
    tmp_path: Path, wrong: list[str], place: str
) -> None:
    command = [*MODULATE, *DOWNLINK, "--out", tmp_path / "down", *wrong]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert place in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    command = [*MODULATE, *DOWNLINK, "--out", tmp_path / "absent" / "down"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "absent/down.sigmf-data: No such file or directory" in done.stderr
