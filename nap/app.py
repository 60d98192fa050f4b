"""Composition root of `nap run`: chooses the parts, wires them, runs them, ends them in order."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from nap.api.server import Api
from nap.clips import Clips
from nap.combine import Combiner, hold_s
from nap.config import Config
from nap.data_path import LEDGER, DataPath
from nap.downlink.service import Downlinks
from nap.gateway import Gateway
from nap.late.relayed_log import RelayedLog
from nap.late.replay import ClipReplay
from nap.late.tried import TriedClips
from nap.ledger import DailyQuota, Ledger
from nap.radio_link import WORKER, RadioLink
from nap.recent import RecentMessages
from nap.relay.couriers.cloud import Station
from nap.relay.factory import make_relays
from nap.runtime.notify import Watchdog, tell
from nap.runtime.pulse import Pulse
from nap.runtime.restart import RestartPolicy
from nap.runtime.supervise import Stage, run_stages
from nap.spool.bounds import Bounds
from nap.spool.spool import Spool
from nap.tally_file import TallyFile
from nap.whitelist.whitelist import Whitelist
from radio.settings import RecordingSettings, SimulatorSettings, WorkerSettings
from radio.watched_zones import sensing_s

_log = logging.getLogger(__name__)

_FAREWELL_S: Final = 3.0
"""How long the relays may still deliver what a stop found in the spool."""


def run(config: Config, worker: Sequence[str] = WORKER) -> None:
    """Run the gateway until SIGTERM or SIGINT.

    Raises:
        SpoolInUseError: a gateway already runs on this state.
        ExceptionGroup: a part failed in a way that starting it again cannot mend.
    """
    os.umask(0o027)  # messages and lists are for us and our group
    for folder in (config.state_dir, config.run_dir):
        _make(folder)
    whitelist = Whitelist(config.state_dir, config.whitelist.first_mode)
    asyncio.run(_run(config, whitelist, worker))


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    except OSError as error:
        # The spool works from memory and asks again; that is worth more than not to start.
        _log.error("%s: %s", folder, error.strerror)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What outlives the services: configuration, lists, log and counts."""

    config: Config
    whitelist: Whitelist
    spool: Spool
    ledger: Ledger
    tally: TallyFile
    recent: RecentMessages
    relayed: RelayedLog


async def _run(config: Config, whitelist: Whitelist, worker: Sequence[str]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    destinations = {one.name: one.start for one in config.destination}
    async with Spool(config.state_dir / "spool.db", destinations, _bounds(config)) as spool:
        ledger, tally = await _ledger(config, spool)
        recent = RecentMessages(config.run_dir / "recent")
        await asyncio.to_thread(recent.open)
        relayed = RelayedLog(config.state_dir / "relayed")
        await asyncio.to_thread(relayed.open)
        policy, pulse = RestartPolicy(secrets.SystemRandom().random), Pulse()
        kept = _Kept(config, whitelist, spool, ledger, tally, recent, relayed)
        stages = _stages(kept, worker, pulse)
        stopping = asyncio.Event()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_announce(stop, stopping))
                await run_stages(stages, policy, pulse, stopping)
        finally:
            tally.close()
            recent.close()
            relayed.close()


def _stages(kept: _Kept, worker: Sequence[str], pulse: Pulse) -> list[Stage]:
    """All services, in the order in which they stop."""
    config, spool, ledger = kept.config, kept.spool, kept.ledger
    quota = DailyQuota(ledger, config.quota.messages_per_day)
    combiner = _combiner(config.radio)
    path = DataPath(
        combiner=combiner,
        whitelist=kept.whitelist,
        quota=quota,
        spool=spool,
        ledger=ledger,
        tally=kept.tally,
        recent=kept.recent,
        relayed=kept.relayed,
    )
    replay = ClipReplay(
        config.clips_dir,
        TriedClips(config.state_dir / "clips-tried.json"),
        kept.relayed,
        path,
        version=f"nap {version('open-nap')}",
        zone=config.radio.zone,
        worker=worker,
    )
    downlinks = Downlinks()
    radio = RadioLink(_radio_settings(config), path, worker, downlinks)
    downlinks.use(radio.send)
    radio.clips = clips = Clips(config.clips_dir, radio.send)
    gateway = Gateway(
        config,
        radio=radio,
        combiner=combiner,
        whitelist=kept.whitelist,
        quota=quota,
        ledger=ledger,
        spool=spool,
        pulse=pulse,
        replay=replay,
        downlinks=downlinks,
    )
    gateway.relays = relays = make_relays(
        config.destination,
        spool,
        _station(config),
        refused_folder=config.state_dir / "refused",
        uniform=secrets.SystemRandom().random,
        stats=gateway.stats,
        commands=downlinks.line,
    )
    api = Api(config.socket_path, gateway.status, kept.whitelist, clips)
    return [
        Stage([radio, replay] if config.radio.black_box.decode_again else [radio]),
        Stage([path, downlinks]),
        Stage(relays, gateway.delivered, _FAREWELL_S),
        Stage([spool, kept.whitelist, gateway, api, Watchdog(pulse, gateway.status_line)]),
    ]


def _radio_settings(config: Config) -> WorkerSettings:
    """Those of the file; clips and airtime are kept with everything else that must survive."""
    radio = config.radio
    folder = str(config.clips_dir.absolute())
    radio = replace(radio, black_box=replace(radio.black_box, folder=folder))
    if radio.transmit is None or radio.transmit.airtime_path is not None:
        return radio
    kept = str((config.state_dir / "airtime").absolute())
    return replace(radio, transmit=replace(radio.transmit, airtime_path=kept))


def _station(config: Config) -> Station:
    simulated = isinstance(config.radio.front_end, SimulatorSettings | RecordingSettings)
    return Station(
        nap_id=config.station.nap_id,
        model=config.station.model,
        version=version("open-nap"),
        simulated=simulated,
    )


async def _announce(stop: asyncio.Event, stopping: asyncio.Event) -> None:
    await stop.wait()
    _log.info("stopping along the data path")
    tell("STOPPING=1")
    stopping.set()


async def _ledger(config: Config, spool: Spool) -> tuple[Ledger, TallyFile]:
    """The counts, from whichever memory of them is newer, made to agree with the spool."""
    tally = TallyFile(config.run_dir / "ledger", spool.epoch)
    kept, beside = await spool.recall(LEDGER), await asyncio.to_thread(tally.read)
    newer = beside if beside.get("heard", 0) >= kept.get("heard", 0) else kept
    ledger = Ledger.from_values(newer)
    lost_before = ledger.lost
    ledger.resume((await spool.status()).spooled)
    if ledger.lost > lost_before:
        _log.warning("%d frames died with the last process", ledger.lost - lost_before)
    await asyncio.to_thread(tally.open)
    tally.write(ledger)
    return ledger, tally


def _combiner(radio: WorkerSettings) -> Combiner:
    longest_s = sensing_s(radio.zones)
    return Combiner(lambda bit_rate: hold_s(bit_rate, sensing_s=longest_s))


def _bounds(config: Config) -> Bounds:
    spool = config.spool
    return Bounds(
        max_bytes=spool.max_bytes,
        max_age_s=None if spool.max_age_days is None else spool.max_age_days * 86_400,
        memory_bytes=spool.memory_bytes,
    )
