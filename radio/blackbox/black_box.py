"""The black box of one stream: keeps the last samples, cuts clips, hands them to the writer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from radio.blackbox.clip import ClipAbout
from radio.blackbox.files import Kind
from radio.blackbox.planner import ClipPlanner, Planned
from radio.blackbox.reach import BYTES_PER_SAMPLE, Datatype
from radio.blackbox.ring import SampleRing
from radio.blackbox.writer import ClipWriter, Cut
from radio.dsp.report import Undecoded
from radio.events import ClipKept
from radio.frontend.ports import IqBlock, StreamFacts
from radio.iso_time import iso_utc
from radio.settings import BlackBoxSettings
from radio.stats import BlackBoxStats


class BlackBox:
    """Takes the samples as they came, before anything of ours is added to them."""

    def __init__(
        self,
        settings: BlackBoxSettings,
        facts: StreamFacts,
        writer: ClipWriter,
        *,
        datatype: Datatype,
        needed_s: float,
        full_scale_dbm: float | None,
        zones: Sequence[str],
        simulated: bool,
    ) -> None:
        """Keep the samples of a stream; of bursts they are asked for up to `needed_s` later."""
        self._settings, self._facts, self._writer = settings, facts, writer
        self._full_scale_dbm, self._zones = full_scale_dbm, tuple(zones)
        self._simulated = simulated
        wanted = (settings.ring_s or needed_s) * facts.rate_hz
        most = settings.ring_bytes / BYTES_PER_SAMPLE[datatype]
        self._ring = SampleRing(datatype, int(min(wanted, most)))
        self._too_short = settings.too_short(needed_s, facts.rate_hz, datatype)
        self._planner = ClipPlanner(
            lowest_snr_db=settings.lowest_snr_db, per_hour=settings.clips_per_hour
        )
        self._newest: tuple[int, datetime] | None = None
        self._too_late = 0

    def feed(self, block: IqBlock, block_utc: datetime | None) -> None:
        """Take samples; cut the clip that is due."""
        self._ring.append(block.samples, block.first_sample)
        self._newest = None if block_utc is None else (block.first_sample, block_utc)
        if (planned := self._planner.due(self._now_s)) is not None:
            self._cut_bursts(planned)

    def undecoded(self, burst: Undecoded) -> None:
        """A burst was given up."""
        self._planner.undecoded(burst, self._now_s)

    def keep(self, command_id: str, seconds: float) -> ClipKept | None:
        """Keep the last samples; None: the writer will tell what became of them."""
        first = self._ring.end - max(1, round(seconds * self._facts.rate_hz))
        if self._cut("kept", first, self._ring.end, (), command_id):
            return None
        problem = "too many clips wait for the disk; try again"
        return ClipKept(id=command_id, name=None, seconds=0.0, problem=problem)

    def stats(self) -> BlackBoxStats:
        """What status shows."""
        writer = self._writer
        return BlackBoxStats(
            clips=writer.clips,
            bytes=writer.bytes,
            max_bytes=self._settings.max_bytes,
            ring_s=self._ring.capacity / self._facts.rate_hz,
            kept=writer.kept,
            passed_over=self._planner.passed_over + self._too_late,
            removed=writer.removed,
            failed=writer.failed,
            problem=writer.problem,
            too_short=self._too_short,
        )

    @property
    def _now_s(self) -> float:
        return self._ring.end / self._facts.rate_hz

    def _cut_bursts(self, planned: Planned) -> None:
        rate_hz = self._facts.rate_hz
        first, last = round(planned.begin_s * rate_hz), round(planned.end_s * rate_hz)
        held = [b for b in planned.bursts if b.start_s * rate_hz >= self._ring.start]
        self._too_late += len(planned.bursts) - len(held)
        if held:
            self._cut("undecoded", first, last, held)

    def _cut(
        self,
        kind: Kind,
        first: int,
        last: int,
        bursts: Sequence[Undecoded],
        command_id: str | None = None,
    ) -> bool:
        """Cut what the ring still holds of it; False: nothing was handed over."""
        first = max(first, self._ring.start)
        last = min(last, self._ring.end)
        if first >= last:
            self._too_late += 1
            return False
        about = ClipAbout(
            kind=kind,
            datatype=self._ring.datatype,
            rate_hz=self._facts.rate_hz,
            center_hz=self._facts.center_hz,
            started_utc=self._utc_of(first),
            full_scale_dbm=self._full_scale_dbm,
            zones=self._zones,
            simulated=self._simulated,
            first_s=first / self._facts.rate_hz,
            bursts=bursts,
        )
        done = self._writer.put(Cut(command_id, about, self._ring.cut(first, last)))
        self._too_late += not done
        return done

    def _utc_of(self, sample: int) -> str | None:
        if self._newest is None:
            return None
        at, utc = self._newest
        return iso_utc(utc + timedelta(seconds=(sample - at) / self._facts.rate_hz))
