"""From a decoded frame to the spool on disk, with every end counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import msgspec
import pytest

from nap.balance import balance
from nap.combine import Combiner
from nap.data_path import LEDGER, DataPath
from nap.late.relayed_log import RelayedLog
from nap.ledger import DailyQuota, Ledger
from nap.recent import RecentMessages
from nap.spool.ports import Kind
from nap.spool.spool import Spool
from nap.tally_file import TallyFile
from nap.whitelist.rules import Mode, Rules
from nap.whitelist.whitelist import Whitelist
from nap.wire.messages import Repetitions, Uplink
from tests.simulators.frames import frame
from tests.simulators.spooling import ROOMY


class Bench:
    """A data path with its real neighbours."""

    def __init__(self, spool: Spool, whitelist: Whitelist, folder: Path, quota: int | None) -> None:
        self.spool, self.whitelist, self.ledger = spool, whitelist, Ledger()
        self.relayed = RelayedLog(folder / "relayed")
        self.relayed.open()
        self.path = DataPath(
            combiner=Combiner(),
            whitelist=whitelist,
            quota=DailyQuota(self.ledger, quota),
            spool=spool,
            ledger=self.ledger,
            tally=TallyFile(folder / "ledger", spool.epoch),
            recent=RecentMessages(folder / "recent"),
            relayed=self.relayed,
            today=lambda: date(2026, 1, 2),
        )

    def hear(self, *frames: object) -> None:
        for heard in frames:
            self.path.frame(heard, simulated=True)  # type: ignore[arg-type]

    async def records(self, kind: Kind) -> list[bytes]:
        await self.spool.status()
        found = await self.spool.waiting("cloud", after=0, through=self.spool.head, limit=1000)
        return [record.body for record in found if record.kind is kind]

    async def end_states(self) -> dict[str, int]:
        books = balance(self.ledger, self.ledger.submitted, await self.spool.status())
        assert books.adds_up
        return {name: n for name, n in books.destinations["cloud"].end_states.items() if n}


@asynccontextmanager
async def bench(
    tmp_path: Path, rules: Rules | None = None, quota: int | None = None
) -> AsyncIterator[Bench]:
    whitelist = await asyncio.to_thread(Whitelist, tmp_path, Mode.OFF)
    if rules:
        await whitelist.change(lambda _: rules)
    async with Spool(tmp_path / "spool.db", {"cloud": "oldest"}, ROOMY) as spool:
        rig = await asyncio.to_thread(Bench, spool, whitelist, tmp_path, quota)
        yield rig
        rig.relayed.close()


async def test_a_message_is_stored_at_its_first_frame_and_its_replicas_follow_as_metadata(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path) as rig:
        rig.hear(frame(1, rank=1, offset_s=1.0))
        (first,) = await rig.records(Kind.UPLINK)
        rig.hear(frame(2, rank=2, offset_s=4.0), frame(3, rank=3, offset_s=7.0, snr_db=9.5))
        uplink = msgspec.json.decode(first, type=Uplink)
        assert await rig.records(Kind.UPLINK) == [first]
        (body,) = await rig.records(Kind.REPETITIONS)
        repetitions = msgspec.json.decode(body, type=Repetitions)
        assert await rig.end_states() == {"duplicate": 2, "waiting": 1}
    assert (uplink.device_id, uplink.payload, uplink.simulated) == ("0123abcd", "cafe", True)
    assert repetitions.uplink_number == uplink.number
    assert repetitions.epoch == uplink.epoch == rig.spool.epoch
    assert [one.rank for one in repetitions.frames] == [1, 2, 3]
    assert repetitions.frames[2].snr_db == 9.5


async def test_strangers_end_as_filtered_and_leave_nothing_behind(tmp_path: Path) -> None:
    async with bench(tmp_path, Rules(mode=Mode.ENFORCE, allow=["0123abcd"])) as rig:
        rig.hear(frame(1), frame(2, device_id="00000001"), frame(3, device_id="00000001", rank=2))
        assert len(await rig.records(Kind.UPLINK)) == 1
        assert await rig.end_states() == {"filtered": 1, "duplicate": 1, "waiting": 1}
        await rig.whitelist.change(lambda _: Rules(mode=Mode.OBSERVE))
        rig.hear(frame(4, device_id="00000002"))
        assert len(await rig.records(Kind.UPLINK)) == 2
    assert rig.whitelist.would_drop == 2


async def test_over_the_quota_messages_are_counted_and_not_relayed(tmp_path: Path) -> None:
    async with bench(tmp_path, quota=2) as rig:
        rig.hear(*(frame(number, seq_number=number) for number in (1, 2, 3, 4)))
        assert len(await rig.records(Kind.UPLINK)) == 2
        assert await rig.end_states() == {"over_quota": 2, "waiting": 2}


async def test_frames_lost_on_the_pipe_are_in_the_sum(tmp_path: Path) -> None:
    async with bench(tmp_path) as rig:
        rig.path.worker_started()
        rig.hear(frame(3))
        rig.path.worker_ended(frames=5)
        rig.path.worker_started()
        rig.hear(frame(1, seq_number=8))
        assert await rig.end_states() == {"lost_before_spool": 4, "waiting": 2}
        assert rig.ledger.heard == 6


async def test_the_counts_lie_in_the_spool_with_the_message_they_count(tmp_path: Path) -> None:
    async with bench(tmp_path) as rig:
        rig.hear(frame(1), frame(2, rank=2), frame(3, seq_number=9))
        await rig.records(Kind.UPLINK)
    async with Spool(tmp_path / "spool.db", {"cloud": "oldest"}, ROOMY) as again:
        kept = Ledger.from_values(await again.recall(LEDGER))
        assert (kept.heard, kept.duplicate, kept.submitted) == (3, 1, 2)
        assert kept.submitted == (await again.status()).spooled


async def test_each_uplink_is_logged_once_and_without_its_payload(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "nap.data_path")
    async with bench(tmp_path) as rig:
        rig.hear(frame(1), frame(2, rank=2))
        await rig.records(Kind.UPLINK)
    (line,) = caplog.records
    assert "uplink, device_id: 0123abcd, seq_number: 7" in line.getMessage()
    assert line.DEVICE_ID == "0123abcd"  # type: ignore[attr-defined]
    assert "cafe" not in caplog.text


async def test_a_stop_closes_what_is_open(tmp_path: Path) -> None:
    async with bench(tmp_path) as rig:
        async with asyncio.TaskGroup() as group:
            service = group.create_task(rig.path.run(lambda: None))
            rig.hear(frame(1, rank=1), frame(2, rank=2))
            await rig.spool.status()
            service.cancel()
        (body,) = await rig.records(Kind.REPETITIONS)
        assert len(msgspec.json.decode(body, type=Repetitions).frames) == 2
