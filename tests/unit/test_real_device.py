"""A real device's frame, moved into the band and into noise, comes out of the receiver."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from radio.dsp.receiver import Receiver
from radio.dsp.report import Decoded
from radio.sigfox.uplink import verify_uplink

CAPTURES = Path(__file__).parents[3] / "shared" / "reference" / "captures"
NAK = bytes.fromhex("479e4480fd7596d45b0122fd282db3cf")
RATE_HZ = 250_000.0
CENTER_HZ = 868_130_000.0


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="the captures are not ours to pass on")
@pytest.mark.parametrize("snr_db", [12.0, 25.0])
@pytest.mark.parametrize("offset_hz", [-77_321.0, 4_567.8, 91_000.0])
def test_a_real_frame_is_decoded_with_checksum_and_tag(offset_hz: float, snr_db: float) -> None:
    arm = np.fromfile(CAPTURES / "renard_spec_uplink_classB_rank2_I_8820Hz.f32", "<f4")
    at_s = np.arange(int(3 * RATE_HZ)) / RATE_HZ - 0.8
    baseband = np.interp(at_s, np.arange(len(arm)) / 8_820, arm, left=0, right=0)
    signal = baseband * np.exp(2j * np.pi * offset_hz * at_s)
    power = np.mean(arm[800:10_500] ** 2)
    rng = np.random.default_rng(11)
    noise_power = power * RATE_HZ / (100 * 10 ** (snr_db / 10))
    noise = rng.standard_normal(2 * len(at_s)).view(complex) * np.sqrt(noise_power / 2)
    samples = (0.05 * (signal + noise)).astype(np.complex64)

    receiver = Receiver(rate_hz=RATE_HZ, center_hz=CENTER_HZ)
    found = receiver.feed(samples, 0) + receiver.flush()
    (heard,) = [burst for burst in found if isinstance(burst, Decoded)]
    uplink = heard.frame.uplink
    assert (uplink.device_id, uplink.seq_number, uplink.payload) == (0x004D33DB, 0x094, b"\x00")
    assert heard.frame.rank == 2
    assert verify_uplink(heard.frame, NAK)
    assert heard.frequency_hz == pytest.approx(CENTER_HZ + offset_hz, abs=3)
    assert heard.snr_db == pytest.approx(snr_db, abs=1.5)
    # Its first turn of phase, in the middle of samples 574 and 575, starts bit 1.
    assert heard.start_s == pytest.approx(0.8 + 574.5 / 8_820 - 1 / 100, abs=0.0005)
