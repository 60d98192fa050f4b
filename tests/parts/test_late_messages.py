"""Clips decoded again after an update: what is found goes late, once, and is accounted for."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from nap.late.relayed_log import ENTRIES, RelayedLog
from nap.late.replay import ClipReplay
from nap.late.tried import TriedClips
from nap.radio_link import WORKER
from nap.spool.ports import Kind
from nap.whitelist.rules import Mode, Rules
from nap.wire.messages import Uplink
from radio.blackbox.clip import ClipAbout, recorder
from radio.blackbox.files import clips_in
from radio.blackbox.shelf import Shelf
from radio.frontend.sample_formats import sample_format
from tests.parts.gateway import Sink, configuration, real_gateway
from tests.parts.test_data_path import Bench, bench
from tests.simulators.frames import frame
from tests.simulators.scene import Scene

NEWER = "nap 99"
BEGAN = "2026-11-01T10:00:00.000000Z"


@dataclass(frozen=True)
class Told:
    """What a clip has in it."""

    ids: list[str]


def make_clip(folder: Path, name: str = "clip-a", seed: int = 1) -> Told:
    scene = Scene(1.6, seed=seed)
    sent = [
        scene.add(carrier_hz=offset_hz, first_bit_s=0.3 + 0.1 * number, bit_rate=600, snr_db=20.0)
        for number, offset_hz in enumerate((-40e3, 10e3, 50e3))
    ]
    about = ClipAbout(
        kind="undecoded", datatype="ci16_le", rate_hz=scene.rate_hz, center_hz=868.13e6,
        started_utc=BEGAN, full_scale_dbm=-20.0, zones=["RC1"], simulated=False, first_s=0.0,
        bursts=(),
    )  # fmt: skip
    shelf = Shelf(folder, 100_000_000)
    shelf.sweep()
    shelf.put(name, about, sample_format("ci16_le").write(scene.samples), 0.0)
    return Told(sorted(f"{one.uplink.device_id:08x}" for one in sent))


def replay(rig: Bench, folder: Path, version: str = NEWER) -> ClipReplay:
    tried = TriedClips(folder.parent / "tried.json")
    return ClipReplay(
        folder, tried, rig.relayed, rig.path, version=version, zone="RC1", worker=WORKER,
        settling_s=0.0,
    )  # fmt: skip


async def until_done(service: ClipReplay) -> None:
    beaten = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(service.run(beaten.set))
        async with asyncio.timeout(60):
            await beaten.wait()
            while service.status().waiting:
                beaten.clear()
                await beaten.wait()
        task.cancel()


async def uplinks(rig: Bench) -> list[Uplink]:
    return [msgspec.json.decode(body, type=Uplink) for body in await rig.records(Kind.UPLINK)]


async def test_what_a_newer_version_decodes_is_relayed_late_with_its_time_and_only_once(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "clips"
    told = await asyncio.to_thread(make_clip, folder)
    async with bench(tmp_path) as rig:
        service = replay(rig, folder)
        await until_done(service)
        found = await uplinks(rig)
        assert sorted(one.device_id for one in found) == told.ids
        assert service.status().messages == 3
        for one in found:
            assert (one.late, one.simulated, one.zone) == (True, False, "RC1")
            assert (one.frame.received_utc or "").startswith("2026-11-01T10:00:00")
            assert one.frame.rssi_dbm is not None
        again = replay(rig, folder)
        await until_done(again)
        assert again.status().tried == 0
        newer_still = replay(rig, folder, "nap 100")
        await until_done(newer_still)
        assert (newer_still.status().tried, newer_still.status().messages) == (1, 0)
        assert await rig.end_states() == {"waiting": 3, "duplicate": 3}
        assert rig.ledger.heard == 6


async def test_messages_that_were_heard_at_the_time_come_no_second_time(tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    await asyncio.to_thread(make_clip, folder)
    (tmp_path / "first").mkdir()
    async with bench(tmp_path / "first") as rig:
        await until_done(replay(rig, folder))
        relayed = [
            frame(
                number, device_id=one.device_id, seq_number=one.seq_number, payload=one.payload,
                packet=one.packet, received_utc=BEGAN,
            )
            for number, one in enumerate(await uplinks(rig), 1)
        ]  # fmt: skip
    (tmp_path / "second").mkdir()
    (tmp_path / "tried.json").unlink()
    async with bench(tmp_path / "second") as rig:
        rig.hear(*relayed[:2])
        await rig.records(Kind.UPLINK)
        await until_done(replay(rig, folder))
        late = [one.device_id for one in await uplinks(rig) if one.late]
        assert late == [relayed[2].device_id]
        assert await rig.end_states() == {"waiting": 3, "duplicate": 2}


async def test_the_whitelist_of_today_counts(tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    told = await asyncio.to_thread(make_clip, folder)
    async with bench(tmp_path, Rules(mode=Mode.ENFORCE, allow=[told.ids[0]])) as rig:
        await until_done(replay(rig, folder))
        assert [one.device_id for one in await uplinks(rig)] == [told.ids[0]]
        assert await rig.end_states() == {"waiting": 1, "filtered": 2}


async def test_clips_of_this_very_version_are_left_alone_and_damaged_ones_passed_by(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "clips"
    told = await asyncio.to_thread(make_clip, folder, "clip-b")
    await asyncio.to_thread(make_clip, folder, "clip-a", 2)
    meta = folder / "clip-a.sigmf-meta"
    meta.write_text(meta.read_text().replace('"ci16_le"', '"ci99"'))
    async with bench(tmp_path) as rig:
        same = replay(rig, folder, recorder())
        await until_done(same)
        assert same.status().tried == 0
        service = replay(rig, folder)
        await until_done(service)
        assert (service.status().tried, service.status().messages) == (2, 3)
        assert sorted(one.device_id for one in await uplinks(rig)) == told.ids


async def test_a_late_message_over_the_quota_is_counted_and_stays_away(tmp_path: Path) -> None:
    async with bench(tmp_path, quota=0) as rig:
        late = frame(1, received_utc=BEGAN)
        assert not await rig.path.late(late, rig.relayed.read(), simulated=False)
        assert await rig.end_states() == {"over_quota": 1}
        assert rig.relayed.read().knows(late)


def test_the_log_of_relayed_messages_outlives_a_restart_and_never_grows(tmp_path: Path) -> None:
    log = RelayedLog(tmp_path / "relayed")
    log.open()
    for number in range(ENTRIES + 10):
        log.add(frame(1, seq_number=number % 4096, device_id=f"{number:08x}", received_utc=BEGAN))
    log.close()
    size = (tmp_path / "relayed").stat().st_size
    again = RelayedLog(tmp_path / "relayed")
    again.open()
    again.add(frame(1, received_utc=BEGAN))
    keys = again.read()
    again.close()
    assert (tmp_path / "relayed").stat().st_size == size < 1_000_000
    assert keys.knows(frame(2, rank=3, received_utc="2026-11-01T10:00:07Z"))
    assert not keys.knows(frame(2, received_utc="2026-11-01T11:00:00Z"))
    assert keys.knows(frame(2, received_utc=None))
    oldest, newest = (
        frame(1, seq_number=n % 4096, device_id=f"{n:08x}", received_utc=BEGAN)
        for n in (10, ENTRIES + 9)
    )
    assert not keys.knows(oldest)
    assert keys.knows(newest)


def test_a_damaged_log_or_note_of_tried_clips_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "relayed"
    log = RelayedLog(path)
    log.open()
    for seq_number in (1, 2, 3):
        log.add(frame(1, seq_number=seq_number))
    log.close()
    content = bytearray(path.read_bytes())
    content[40] ^= 1
    path.write_bytes(content + b"tail")
    log.open()
    keys = log.read()
    log.close()
    assert [keys.knows(frame(1, seq_number=n)) for n in (1, 2, 3)] == [True, False, True]
    (tmp_path / "tried.json").write_bytes(b"\xff{")
    tried = TriedClips(tmp_path / "tried.json")
    assert tried.read() == {}
    tried.note("clip-a", NEWER, ["clip-a"])
    tried.note("clip-b", NEWER, ["clip-b"])
    assert tried.read() == {"clip-b": NEWER}


@pytest.mark.slow
async def test_a_gateway_that_was_updated_delivers_what_its_clips_had_in_them(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "state" / "clips"
    told = await asyncio.to_thread(make_clip, folder)
    meta = folder / "clip-a.sigmf-meta"
    meta.write_text(meta.read_text().replace(recorder(), "nap 0.0.1"))
    async with Sink().serving() as sink:
        config = configuration(tmp_path, sink.url)
        config.write_text(
            config.read_text().replace('type = "simulator"', 'type = "simulator"\ndevices = 0')
        )
        async with real_gateway(config) as running:
            while len(sink.bodies) < 3:  # noqa: ASYNC110 - it comes from another process
                await asyncio.sleep(0.1)
            running.process.terminate()
            assert await running.process.wait() == 0
    found = [msgspec.json.decode(copies[0], type=Uplink) for copies in sink.bodies.values()]
    assert sorted(one.device_id for one in found) == told.ids
    assert all(one.late for one in found)
    assert clips_in(folder)
