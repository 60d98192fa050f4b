"""The desk of the worker: threads, clock, ledger and part put together; events for everything."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np
import pytest

from radio.air.device import Device, message
from radio.airtime_file import AirtimeFile
from radio.commands import SetState, State, Transmit
from radio.downlink.queue import DownlinkQueue
from radio.downlink.window import AIRTIME_S
from radio.events import (
    DownlinkPlanned,
    DownlinkRefused,
    DownlinkSent,
    RadioEvent,
)
from radio.frontend.ports import Burst, IqBlock, SampleSink, StreamClock, TransmitError
from radio.outbox import Outbox
from radio.settings import (
    FrontEndSettings,
    RecordingSettings,
    RtlTcpSettings,
    SimulatorSettings,
    SoapySettings,
    WorkerSettings,
)
from radio.sigfox.zones import ZONES
from radio.stream_clock import FlowingClock, SampleDrivenClock
from radio.transmission import Equipment
from radio.transmit_desk import TransmitDesk
from radio.transmit_settings import TransmitSettings
from radio.worker import equipment_of, front_end_of
from tests.simulators.hearing import heard

RC1 = ZONES["RC1"]
RATE_HZ = 1_000.0
SENSOR = Device(
    device_id=0xC0FFEE, bit_rate=600, snr_db=20.0, interval_s=120.0, first_s=20.0,
    bidirectional=True,
)  # fmt: skip
FRAME = msgspec.structs.replace(heard(message(SENSOR, RC1, 1, 0)[0]), offset_s=10.0)
COMMAND = Transmit(
    id="c1", device_id="00c0ffee", seq_number=FRAME.seq_number, payload="00" * 8, tag="beef"
)


class Part:
    """A simulated transmitter that writes down what it is given."""

    simulated = True
    description = "simulated part"

    def __init__(self, fault: str | None = None) -> None:
        self.fault = fault
        self.opened = 0
        self.bursts: list[Burst] = []
        self.airtime_file_at_start: list[bytes] = []
        self.path: Path | None = None
        self.hold = threading.Event()
        self.hold.set()

    @contextmanager
    def open(self) -> Iterator[SampleSink]:
        self.opened += 1
        if self.fault == "absent":
            raise TransmitError("simulated part: absent")
        yield Sink(self)


class Sink:
    rate_hz = 48_000.0

    def __init__(self, part: Part) -> None:
        self._part = part

    def transmit(self, burst: Burst, clock: StreamClock, allowed: Callable[[], bool]) -> float:
        part = self._part
        if part.path is not None:
            part.airtime_file_at_start.append(part.path.read_bytes())
        part.bursts.append(burst)
        while not part.hold.wait(0.005):
            if not allowed():
                raise TransmitError("stopped half-way")
        if part.fault == "broken":
            raise TransmitError("simulated part: UNDERFLOW")
        if part.fault == "bug":
            raise ZeroDivisionError
        return max(burst.starts_s, clock.now_s())


class Desk:
    """A desk on a stream whose time the test moves."""

    def __init__(self, folder: Path, part: Part | None, state: State = "active") -> None:
        self.outbox = Outbox(1_000)
        self.part = part
        self.path = folder / "airtime"
        queue = DownlinkQueue(RC1)
        queue.set_state(state)
        equipment = None
        if part is not None:
            part.path = self.path
            equipment = Equipment(part, SampleDrivenClock(), AirtimeFile(self.path))
        self.desk = TransmitDesk(queue, "RC1", equipment, self.outbox)
        self._samples = 0

    def to(self, now_s: float) -> None:
        """Samples come until it is `now_s`."""
        count = round(now_s * RATE_HZ) - self._samples
        block = IqBlock(np.zeros(count, np.complex64), self._samples)
        self._samples += count
        self.desk.follow(block, RATE_HZ)

    def next(self) -> RadioEvent:
        event = self.outbox.take()
        assert event is not None
        return event

    def ask(self, command: Transmit = COMMAND) -> None:
        """Ask once the part is open."""
        while self.part is not None and not self.desk._ready and self.part.fault != "absent":
            time.sleep(0.002)
        self.desk.obey(command)

    @contextmanager
    def asked(self) -> Iterator[None]:
        """An uplink was heard and its answer is planned."""
        with self.desk.listening():
            self.desk.heard(FRAME)
            self.to(12.0)
            self.ask()
            yield


def reason(event: RadioEvent) -> str:
    assert isinstance(event, DownlinkRefused), event
    return event.reason


def test_a_downlink_is_planned_booked_transmitted_and_told(tmp_path: Path) -> None:
    part = Part()
    desk = Desk(tmp_path, part)
    with desk.asked():
        planned = desk.next()
        desk.to(30.7)
        sent = desk.next()
    assert isinstance(planned, DownlinkPlanned)
    assert isinstance(sent, DownlinkSent)
    frame_s = (32 + 4 * len(FRAME.packet) + 16) / 600
    starts_s = 10.0 + frame_s + 20.5
    assert planned.in_s == pytest.approx(starts_s - 12.0)
    assert (sent.id, sent.copy) == ("c1", 1)
    assert (sent.started_s, sent.late_s) == (pytest.approx(starts_s), 0.0)
    assert sent.ended_s == pytest.approx(sent.started_s + AIRTIME_S)
    assert sent.airtime_left_s == pytest.approx(360.0 - AIRTIME_S)
    (burst,) = part.bursts
    assert burst.frequency_hz == pytest.approx(FRAME.frequency_hz + 1_395_000)
    assert np.abs(burst.samples).max() <= 1.0 + 1e-6
    # On disk before the first sample left.
    assert b"RC1" in part.airtime_file_at_start[0]


def test_airtime_is_remembered_by_the_next_desk(tmp_path: Path) -> None:
    for lives in (1, 2):
        desk = Desk(tmp_path, Part())
        with desk.asked():
            desk.next()
            desk.to(31.0)
            sent = desk.next()
        assert isinstance(sent, DownlinkSent)
        assert sent.airtime_left_s == pytest.approx(360.0 - lives * AIRTIME_S)


def test_damaged_airtime_silences_the_box_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "airtime").write_bytes(b"damaged")
    desk = Desk(tmp_path, Part())
    assert "nothing is transmitted for an hour" in caplog.text
    with desk.asked():
        assert reason(desk.next()) == "duty_cycle"


def test_airtime_that_cannot_be_written_is_not_used(tmp_path: Path) -> None:
    part = Part()
    desk = Desk(tmp_path, part)
    (tmp_path / "airtime.new").mkdir()
    with desk.asked():
        assert isinstance(desk.next(), DownlinkPlanned)
        desk.to(31.0)
        assert reason(desk.next()) == "ledger"
    assert part.bursts == []


@pytest.mark.parametrize(
    ("part", "state", "expected"),
    [
        (None, "active", "no_transmitter"),
        (Part("absent"), "active", "no_transmitter"),
        (Part(), "muted", "muted"),
        (Part(), "deactivated", "deactivated"),
    ],
)
def test_who_cannot_or_must_not_transmit_refuses(
    tmp_path: Path, part: Part | None, state: State, expected: str
) -> None:
    desk = Desk(tmp_path, part, state)
    with desk.asked():
        assert reason(desk.next()) == expected
        desk.to(60.0)
    assert part is None or part.bursts == []


def test_muting_takes_back_what_was_planned(tmp_path: Path) -> None:
    part = Part()
    desk = Desk(tmp_path, part)
    with desk.asked():
        assert isinstance(desk.next(), DownlinkPlanned)
        desk.desk.obey(SetState(state="muted"))
        assert reason(desk.next()) == "muted"
        desk.to(60.0)
        desk.desk.obey(SetState(state="active"))
    assert part.bursts == []


def test_muting_stops_what_is_being_transmitted(tmp_path: Path) -> None:
    part = Part()
    part.hold.clear()
    desk = Desk(tmp_path, part)
    with desk.asked():
        desk.next()
        desk.to(31.0)
        while not part.bursts:
            time.sleep(0.002)
        desk.desk.obey(SetState(state="muted"))
        assert reason(desk.next()) == "muted"


def test_a_stream_that_ends_takes_its_plans_with_it(tmp_path: Path) -> None:
    part = Part()
    desk = Desk(tmp_path, part)
    with desk.asked():
        assert isinstance(desk.next(), DownlinkPlanned)
    assert reason(desk.next()) == "radio_lost"
    desk.desk.obey(COMMAND)
    assert reason(desk.next()) == "no_transmitter"
    with desk.desk.listening():
        desk.ask()
        assert reason(desk.next()) == "unknown_uplink"
    assert part.bursts == []


def test_a_part_that_fails_is_told_and_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("radio.transmit_desk.REOPEN_AFTER_S", 0.01)
    part = Part("broken")
    desk = Desk(tmp_path, part)
    with desk.asked():
        desk.next()
        desk.to(31.0)
        refused = desk.next()
        assert reason(refused) == "transmitter_failed"
        assert isinstance(refused, DownlinkRefused)
        assert "UNDERFLOW" in refused.detail
        part.fault = None
        while part.opened < 2 or not desk.desk._ready:
            time.sleep(0.002)
        desk.ask(msgspec.structs.replace(COMMAND, id="again"))
        assert isinstance(desk.next(), DownlinkPlanned)


def test_a_bug_in_the_transmitting_thread_ends_the_receiver_too(tmp_path: Path) -> None:
    part = Part("bug")
    desk = Desk(tmp_path, part)
    with desk.asked():
        desk.next()
        desk.to(31.0)
        while desk.desk._bug is None:
            time.sleep(0.002)
        with pytest.raises(ZeroDivisionError):
            desk.to(32.0)


def test_the_clock_of_a_live_part_flows_between_blocks() -> None:
    clock = FlowingClock()
    captured_at = time.monotonic() - 0.5
    clock.follow(IqBlock(np.zeros(100, np.complex64), 5_000, 0, captured_at), RATE_HZ)
    first_s = clock.now_s()
    time.sleep(0.01)
    assert 5.5 <= first_s < clock.now_s()


@pytest.mark.parametrize(
    ("front_end", "part"),
    [
        (RtlTcpSettings(), None),
        (RecordingSettings(path="air"), None),
        (SimulatorSettings(devices=0), "simulated transmitter"),
        (SoapySettings(device="driver=lime"), "SoapySDR transmitter driver=lime"),
    ],
)
def test_only_parts_that_can_transmit_are_equipment(
    front_end: FrontEndSettings, part: str | None, tmp_path: Path
) -> None:
    transmit = TransmitSettings(airtime_path=str(tmp_path / "airtime"))
    settings = WorkerSettings(front_end=front_end, transmit=transmit)
    equipment = equipment_of(settings, front_end_of(settings))
    assert (None if equipment is None else equipment.transmitter.description) == part
    silent = msgspec.structs.replace(settings, transmit=None)
    assert equipment_of(silent, front_end_of(silent)) is None
