"""Two hundred downlinks over all zones: planned, modulated, heard by a device, confirmed or not.

The uplinks here are told, not received; the last test receives them as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from nap.downlink.confirmation import confirms
from radio.air.air import Air
from radio.air.device import Device, Transmission
from radio.air.downlinks import OnAir
from radio.commands import Transmit
from radio.downlink.queue import DownlinkQueue, Slot
from radio.downlink.refusal import Refusal, Refused
from radio.downlink.window import AIRTIME_S
from radio.dsp.gfsk import gfsk_waveform
from radio.dsp.receiver import Receiver
from radio.dsp.report import Decoded
from radio.events import FrameHeard
from radio.sigfox.downlink import Downlink, encode_downlink, frame_with_tag
from radio.sigfox.tag import downlink_tag
from radio.sigfox.uplink import MessageType, UplinkFrame, decode_uplink, verify_uplink
from radio.sigfox.zones import ZONES, Zone
from tests.simulators.hearing import heard, received

RATE_HZ = 250_000.0
TRANSMITTER_RATE_HZ = 48_000.0
PLENTY_S = 360.0
CASES_PER_ZONE = 29  # 203 in all
KINDS = ("right", "right", "wrong_tag", "wrong_frequency", "too_early", "too_late", "muted")


def sensor(zone: Zone, rng: np.random.Generator) -> Device:
    bit_rate = int(rng.choice(zone.bit_rates))
    return Device(
        device_id=int(rng.integers(1, 2**32)),
        bit_rate=bit_rate,
        snr_db=float(rng.uniform(13, 30)),
        interval_s=120.0,
        first_s=15.0,
        first_seq_number=int(rng.integers(4096)),
        payload_bytes=int(rng.integers(13)),
        frames=3,
        bidirectional=True,
        listens=True,
        frequency_error_ppm=float(rng.uniform(-20, 20)),
    )


def command_to(device: Device, seq_number: int, rng: np.random.Generator) -> Transmit:
    payload = rng.bytes(8)
    tag = downlink_tag(device.device_id, seq_number, payload, device.nak)
    return Transmit(
        id="case",
        device_id=f"{device.device_id:08x}",
        seq_number=seq_number,
        payload=payload.hex(),
        tag=tag.hex(),
    )


@dataclass
class Bench:
    """One device on the air, and the queue of one base station."""

    zone: Zone
    device: Device
    seed: int

    def __post_init__(self) -> None:
        self.air = Air([self.device], zone=self.zone, rate_hz=RATE_HZ, seed=self.seed)
        self.queue = DownlinkQueue(self.zone, carrier_sense_waived=True)
        self.message = self.air.transmissions(0.0, 40.0)

    def planned(self, command: Transmit, now_s: float) -> Slot | Refused:
        (place,) = self.queue.submit(command, now_s, PLENTY_S)
        if isinstance(place, Refused):
            return place
        deadline_s = self.queue.next_deadline_s()
        assert deadline_s is not None
        (slot,) = self.queue.take_due(deadline_s, PLENTY_S)
        return slot

    def transmit(self, slot: Slot, starts_s: float, off_hz: float, tag: bytes) -> None:
        command = slot.command
        downlink = Downlink(
            int(command.device_id, 16), command.seq_number, bytes.fromhex(command.payload)
        )
        bits = frame_with_tag(downlink, tag)
        samples = gfsk_waveform(bits, rate_hz=TRANSMITTER_RATE_HZ, carrier_hz=0.0)
        where_hz = slot.window.frequency_hz + off_hz
        self.air.transmit(OnAir(samples, TRANSMITTER_RATE_HZ, where_hz, starts_s))

    def confirmations(self, after_s: float) -> list[Transmission]:
        """What the device says to it, once the air is past it."""
        self.air.render(round(after_s * RATE_HZ), 1)
        sent = self.air.transmissions(after_s, after_s + 10.0)
        kind = MessageType.DOWNLINK_CONFIRMATION
        return [one for one in sent if one.uplink.message_type is kind]


def wrong_start_s(kind: str, slot: Slot, zone: Zone, rng: np.random.Generator) -> float:
    """A start with which a part of the frame is outside the device's window."""
    opens_s = slot.window.earliest_s - 0.5
    if kind == "too_early":
        return float(rng.uniform(opens_s - 5.0, opens_s - 0.2))
    return float(rng.uniform(opens_s + zone.window_s - 0.3, opens_s + zone.window_s + 5.0))


def check_confirmation(bench: Bench, sent: Transmission, slot: Slot) -> None:
    device, ended_s = bench.device, slot.starts_s + AIRTIME_S
    asked = bench.message[0].uplink.seq_number
    assert sent.uplink.seq_number == (asked + 1) % 4096
    assert 1.39 <= sent.burst.first_bit_s - ended_s <= 4.01
    frame = decode_uplink(sent.burst.bits)
    assert isinstance(frame, UplinkFrame)
    assert verify_uplink(frame, device.nak)
    assert confirms(heard(sent), f"{device.device_id:08x}", asked, ended_s)
    low_hz, high_hz = bench.zone.band_hz
    assert low_hz < sent.frequency_hz < high_hz


def ranks_heard(kind: str, rng: np.random.Generator) -> set[int]:
    ranks = set(rng.choice([1, 2, 3], rng.integers(1, 4), replace=False).tolist())
    # With rank 1 the window is known exactly, and so what is outside.
    return ranks | {1} if kind in {"too_early", "too_late"} else ranks


def transmit_as(kind: str, bench: Bench, slot: Slot, rng: np.random.Generator) -> float:
    """Put the frame on the air, spoilt as `kind` says; return when it began."""
    off_hz, starts_s, tag = 0.0, slot.starts_s, bytes.fromhex(slot.command.tag)
    match kind:
        case "wrong_tag":
            tag = bytes([tag[0] ^ (1 << rng.integers(8)), tag[1]])
        case "wrong_frequency":
            off_hz = float(rng.choice([-1, 1]) * rng.uniform(2_000, 30_000))
        case "too_early" | "too_late":
            starts_s = wrong_start_s(kind, slot, bench.zone, rng)
    bench.transmit(slot, starts_s, off_hz, tag)
    return starts_s


def confirmations_of(kind: str, zone: Zone, seed: int) -> int:
    """One case from uplink to confirmation; how many there were."""
    rng = np.random.default_rng(seed)
    bench = Bench(zone, sensor(zone, rng), seed)
    ranks = ranks_heard(kind, rng)
    for sent in bench.message:
        if sent.rank in ranks:
            bench.queue.heard(heard(sent, rng))
    if kind == "muted":
        bench.queue.set_state("muted")
    command = command_to(bench.device, bench.message[0].uplink.seq_number, rng)
    slot = bench.planned(command, bench.message[-1].burst.ends_s + rng.uniform(0.2, 15.0))
    if isinstance(slot, Refused):
        assert slot.reason is Refusal.MUTED
        return 0
    starts_s = transmit_as(kind, bench, slot, rng)
    confirmed = bench.confirmations(starts_s + AIRTIME_S + 0.01)
    for one in confirmed:
        check_confirmation(bench, one, slot)
    return len(confirmed)


@pytest.mark.parametrize("name", list(ZONES))
def test_only_the_right_frame_at_the_right_time_and_place_is_confirmed(name: str) -> None:
    base = int(name[-1]) * 1_000
    for seed in range(base, base + CASES_PER_ZONE):
        kind = KINDS[seed % len(KINDS)]
        assert confirmations_of(kind, ZONES[name], seed) == (kind == "right"), (kind, seed)


def hear(air: Air, begin_s: float, end_s: float) -> list[FrameHeard]:
    """What the receiver hears of a stretch."""
    receiver = Receiver(rate_hz=RATE_HZ, center_hz=air.center_hz, bit_rates=(600,))
    first, last = int(begin_s * RATE_HZ), int(end_s * RATE_HZ)
    found = []
    for at in range(first, last, 65_536):
        found += receiver.feed(air.render(at, 65_536), at - first)
    found += receiver.flush()
    return [received(one, first / RATE_HZ) for one in found if isinstance(one, Decoded)]


@pytest.mark.parametrize("name", list(ZONES))
def test_with_received_uplinks_the_circle_closes(name: str) -> None:
    zone, rng = ZONES[name], np.random.default_rng(7)
    device = Device(
        device_id=0x00C0FFEE, bit_rate=600, snr_db=20.0, interval_s=120.0, first_s=14.0,
        payload_bytes=4, bidirectional=True, listens=True, frequency_error_ppm=12.0,
    )  # fmt: skip
    bench = Bench(zone, device, 11)
    first = bench.message[0]
    asked = hear(bench.air, first.burst.begins_s - 0.6, first.burst.ends_s + 3.0)
    assert {frame.rank for frame in asked} == {1, 2, 3}
    for frame in asked:
        bench.queue.heard(frame)
    slot = bench.planned(command_to(device, asked[0].seq_number, rng), first.burst.ends_s + 4.0)
    assert isinstance(slot, Slot)
    bench.transmit(slot, slot.starts_s, 0.0, bytes.fromhex(slot.command.tag))
    ended_s = slot.starts_s + AIRTIME_S
    answers = hear(bench.air, ended_s + 0.1, ended_s + 6.0)
    (answer,) = [frame for frame in answers if frame.message_type == "downlink_confirmation"]
    assert confirms(answer, "00c0ffee", asked[0].seq_number, ended_s)


def test_a_device_counts_on_from_its_confirmation_and_confirms_once() -> None:
    zone, rng = ZONES["RC1"], np.random.default_rng(3)
    bench = Bench(zone, sensor(zone, rng), 5)
    for sent in bench.message:
        bench.queue.heard(heard(sent))
    asked = bench.message[0].uplink.seq_number
    slot = bench.planned(command_to(bench.device, asked, rng), bench.message[-1].burst.ends_s + 1.0)
    assert isinstance(slot, Slot)
    bench.air.render(round(slot.starts_s * RATE_HZ), 1)
    for later_s in (0.0, 1.0):
        bench.transmit(slot, slot.starts_s + later_s, 0.0, bytes.fromhex(slot.command.tag))
    assert len(bench.confirmations(slot.starts_s + 1.0 + AIRTIME_S + 0.01)) == 1
    following = bench.air.transmissions(120.0, 160.0)
    assert {one.uplink.seq_number for one in following} == {(asked + 2) % 4096}


def test_a_frame_made_from_a_tag_is_the_one_made_from_the_key() -> None:
    nak, downlink = bytes(range(16)), Downlink(0x12345678, 99, b"payload!")
    tag = downlink_tag(downlink.device_id, downlink.seq_number, downlink.payload, nak)
    assert np.array_equal(frame_with_tag(downlink, tag), encode_downlink(downlink, nak))
