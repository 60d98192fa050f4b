"""What else a simulated air holds, and what cheap or faulty parts make of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tests.simulators.scene import NOISE_PER_HZ, Scene, white_noise

LORA_BANDWIDTH_HZ = 125e3


def amplitude(snr_db: float, bandwidth_hz: float = 100.0) -> float:
    """Of a carrier this much stronger than the noise in a bandwidth."""
    return float(np.sqrt(10 ** (snr_db / 10) * NOISE_PER_HZ * bandwidth_hz))


def add_carrier(
    scene: Scene, carrier_hz: float, snr_db: float, *, drift_hz_per_s: float = 0.0
) -> None:
    """A carrier over the whole scene."""
    t = np.arange(scene.samples.size) / scene.rate_hz
    turns = (carrier_hz + drift_hz_per_s / 2 * t) * t
    scene.samples += (amplitude(snr_db) * np.exp(2j * np.pi * turns)).astype(np.complex64)


def add_lora(
    scene: Scene, *, spreading: int, centre_hz: float, first_s: float, symbols: int, over_db: float
) -> None:
    """A packet of chirps, `over_db` over the noise in its own 125 kHz."""
    symbol_s = 2**spreading / LORA_BANDWIDTH_HZ
    first = int(first_s * scene.rate_hz)
    count = min(int(symbols * symbol_s * scene.rate_hz), scene.samples.size - first)
    place = np.arange(count) / scene.rate_hz / symbol_s
    shift = scene.rng.integers(0, 2**spreading, symbols + 1)[place.astype(int)] / 2**spreading
    frequency = LORA_BANDWIDTH_HZ * (np.mod(place + shift, 1.0) - 0.5) + centre_hz
    turns = np.cumsum(frequency) / scene.rate_hz
    level = amplitude(over_db, LORA_BANDWIDTH_HZ)
    scene.samples[first : first + count] += (level * np.exp(2j * np.pi * turns)).astype(
        np.complex64
    )


def add_noise_burst(scene: Scene, *, first_s: float, length_s: float, over_noise_db: float) -> None:
    """Noise all over the band."""
    first, count = int(first_s * scene.rate_hz), int(length_s * scene.rate_hz)
    level = np.float32(10 ** (over_noise_db / 20))
    count = min(count, scene.samples.size - first)
    scene.samples[first : first + count] += level * white_noise(scene.rng, count, scene.rate_hz)


def unequal_branches(scene: Scene, *, gain_db: float, degrees: float) -> None:
    """A mirror image, as a part makes it whose I and Q differ."""
    unequal = 10 ** (gain_db / 20) * np.exp(1j * np.radians(degrees))
    scene.samples = (
        (1 + unequal) / 2 * scene.samples + (1 - unequal) / 2 * scene.samples.conj()
    ).astype(np.complex64)


def eight_bits(scene: Scene, *, overdriven_db: float) -> None:
    """An 8-bit converter whose full scale the strongest sample exceeds by this much."""
    parts = scene.samples.view(np.float32)
    gain = 10 ** (overdriven_db / 20) / np.abs(parts).max()
    steps = np.clip(np.rint(parts * (gain * 127.5) - 0.5), -128, 127) + 0.5
    scene.samples = (steps / 127.5).astype(np.float32).view(np.complex64)


def fading(
    rng: np.random.Generator, count: int, rate_hz: float, *, doppler_hz: float, rice: float
) -> NDArray[np.complex64]:
    """Gain of mean power 1: a fixed path, `rice` times as strong as many that move."""
    paths = 32
    t = np.arange(0, count, 256) / rate_hz
    shifts_hz = doppler_hz * np.cos(rng.uniform(0, 2 * np.pi, paths))
    phases = rng.uniform(0, 2 * np.pi, paths)
    moving = np.exp(2j * np.pi * np.outer(t, shifts_hz) + 1j * phases).sum(axis=1)
    moving *= 1 / np.sqrt(paths)
    gain = (np.sqrt(rice) + moving) / np.sqrt(1 + rice)
    fine = np.arange(count) / rate_hz
    return (np.interp(fine, t, gain.real) + 1j * np.interp(fine, t, gain.imag)).astype(np.complex64)


def wandering(
    rng: np.random.Generator, count: int, rate_hz: float, *, hz_in_a_second: float
) -> NDArray[np.complex64]:
    """Turns of an oscillator whose frequency walks at random, so far in a second on average."""
    steps_hz = rng.normal(0, hz_in_a_second / np.sqrt(rate_hz), count)
    turns = np.cumsum(np.cumsum(steps_hz)) / rate_hz
    return np.exp(2j * np.pi * turns).astype(np.complex64)
