"""The radio worker: `python -m radio.worker`, a process of its own without an event loop.

stdin: the settings as one line of JSON, then commands, one a line; when it is closed, the worker
ends.
stdout: events as JSON, one a line. stderr: the log.
Exit status: 0 told to stop or the recording ended, 1 the front end can never work, 2 bad settings.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from radio.air.air import Air
from radio.air.airs import Airs
from radio.air.fleet import Fleet, devices_of, listeners_of
from radio.airtime_file import AirtimeFile
from radio.command_pipe import CommandPipe
from radio.commands import KeepClip, SetState, Transmit, UnfitCommand
from radio.downlink.queue import DownlinkQueue
from radio.frontend.ports import FrontEnd
from radio.frontend.rtl_tcp import RtlTcp
from radio.frontend.sigmf import Recording
from radio.frontend.simulated_transmitter import SimulatedTransmitter
from radio.frontend.simulator import Simulator
from radio.frontend.soapy import Soapy
from radio.frontend.soapy_transmitter import SoapyTransmitter
from radio.outbox import Outbox
from radio.settings import (
    RecordingSettings,
    RtlTcpSettings,
    SimulatorSettings,
    SoapySettings,
    WorkerSettings,
)
from radio.stream_clock import FlowingClock, SampleDrivenClock
from radio.transmission import Equipment
from radio.transmit_desk import TransmitDesk
from radio.transmit_settings import TransmitSettings
from radio.watch import Watch

log = logging.getLogger(__name__)

_FAILED: Final = 1
_WRONG_SETTINGS: Final = 2
_FIRST_DEVICE_ID: Final = 0x0051_0000
_IDS_OF_A_ZONE: Final = 0x4000
_STDIN: Final = 0
_STDOUT: Final = 1


def front_end_of(settings: WorkerSettings) -> FrontEnd:
    """The part that the settings name."""
    match settings.front_end:
        case RecordingSettings() as recording:
            return Recording(Path(recording.path), assumed_center_hz=settings.center_hz)
        case RtlTcpSettings() as rtl_tcp:
            return RtlTcp(rtl_tcp, center_hz=settings.center_hz)
        case SoapySettings() as soapy:
            return Soapy(soapy, center_hz=settings.center_hz)
        case SimulatorSettings() as simulator:
            return _simulator(simulator, settings)


def equipment_of(settings: WorkerSettings, front_end: FrontEnd) -> Equipment | None:
    """What it takes to transmit; None where the settings do not want it or the part cannot.

    Raises:
        ValueError: it is not said where airtime is kept.
    """
    transmit = settings.transmit
    if transmit is None:
        return None
    if transmit.airtime_path is None:
        raise ValueError("transmit.airtime_path is missing: airtime must survive a restart")
    airtime = AirtimeFile(Path(transmit.airtime_path))
    match front_end, settings.front_end:
        case Simulator() as simulator, _:
            part = SimulatedTransmitter(simulator, rate_hz=transmit.rate_hz)
            return Equipment(part, SampleDrivenClock(), airtime)
        case _, SoapySettings() as soapy:
            return Equipment(SoapyTransmitter(transmit, soapy), FlowingClock(), airtime)
        case _:
            return None


def _queue(settings: WorkerSettings) -> DownlinkQueue:
    transmit = settings.transmit or TransmitSettings()
    queue = DownlinkQueue(
        settings.zone_facts,
        repeats=transmit.repeats,
        carrier_sense_waived=transmit.carrier_sense_waived,
    )
    queue.set_state(transmit.state)
    return queue


def _simulator(simulator: SimulatorSettings, settings: WorkerSettings) -> Simulator:
    airs = [_air(simulator, settings, number) for number in range(len(settings.zones))]
    air = airs[0] if len(airs) == 1 else Airs(airs)
    return Simulator(air, speed=simulator.speed, follows_clock=simulator.follows_clock)


def _air(simulator: SimulatorSettings, settings: WorkerSettings, number: int) -> Air:
    """That of one zone; the noise of all is in the first."""
    zone = settings.zones[number]
    fleet = Fleet(
        count=simulator.devices,
        interval_s=simulator.interval_s,
        snr_db=(simulator.lowest_snr_db, simulator.highest_snr_db),
        bit_rates=simulator.bit_rates,
        first_device_id=_FIRST_DEVICE_ID + number * _IDS_OF_A_ZONE,
    )
    devices = [
        *devices_of(fleet, zone, simulator.seed),
        *listeners_of(fleet, simulator.listening, zone, simulator.seed),
    ]
    return Air(
        devices,
        zone=zone,
        rate_hz=simulator.rate_hz,
        center_hz=settings.center_hz,
        seed=simulator.seed,
        noisy=number == 0,
    )


def main() -> int:
    """Read the settings, listen, write what is heard."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(message)s")
    # Ctrl-C reaches all processes of a terminal; the gateway ends this one by closing stdin.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pipe = CommandPipe(_STDIN)
    try:
        settings = msgspec.json.decode(pipe.settings(), type=WorkerSettings)
        front_end = front_end_of(settings)
        equipment = equipment_of(settings, front_end)
    except (ValueError, RecursionError) as error:
        log.error("settings refused: %s", error)  # noqa: TRY400 - the trace would say nothing more
        return _WRONG_SETTINGS
    outbox = Outbox(settings.queue_limit)
    desk = TransmitDesk(_queue(settings), settings.zone, equipment, outbox)
    return _FAILED if not _watch(front_end, settings, pipe, outbox, desk) else 0


def _watch(
    front_end: FrontEnd,
    settings: WorkerSettings,
    pipe: CommandPipe,
    outbox: Outbox,
    desk: TransmitDesk,
) -> bool:
    stop = threading.Event()
    watch = Watch(front_end, settings, outbox, desk, stop=stop, rng=np.random.default_rng())
    threading.Thread(target=_obey, args=(pipe, watch, desk, stop, outbox), daemon=True).start()
    writer = threading.Thread(target=_write, args=(stop, outbox), daemon=True)
    writer.start()
    done = watch.run()
    outbox.close()
    # Whoever closed our stdin may not be reading any more: then there is nobody to wait for.
    while writer.is_alive() and not stop.is_set():
        writer.join(0.1)
    return done


def _obey(
    pipe: CommandPipe, watch: Watch, desk: TransmitDesk, stop: threading.Event, outbox: Outbox
) -> None:
    """Carry out commands until the pipe is closed, which means: end."""
    for command in pipe.commands():
        match command:
            case UnfitCommand(reason=reason):
                log.warning("command refused: %s", reason)
            case KeepClip():
                watch.keep(command)
            case Transmit() | SetState():
                desk.obey(command)
    stop.set()
    outbox.close()


def _write(stop: threading.Event, outbox: Outbox) -> None:
    encoder = msgspec.json.Encoder()
    while (event := outbox.take()) is not None:
        text = encoder.encode(event) + b"\n"
        try:
            # Not sys.stdout: its lock, held in a write that hangs, would outlive the program's end.
            while text:
                text = text[os.write(_STDOUT, text) :]
        except OSError as error:
            log.warning("nobody reads the events: %s", error.strerror)
            stop.set()
            return


if __name__ == "__main__":
    sys.exit(main())
