"""A SigMF recording as a front end: a `.sigmf-meta` file with its data beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from radio.frontend.ports import IqBlock, RecordingError, StreamFacts
from radio.frontend.sigmf_meta import MetadataError, RecordingFacts, read_metadata

META_SUFFIX: Final = ".sigmf-meta"
DATA_SUFFIX: Final = ".sigmf-data"
BLOCK_SAMPLES: Final = 65_536
# Metadata grows with its annotations; a file beyond this is no recording of ours to read.
_LARGEST_META_BYTES: Final = 64 * 1024 * 1024


class Recording:
    """Fits `FrontEnd`. Plays a recording as fast as it is asked for."""

    simulated = True

    def __init__(self, path: Path, *, assumed_center_hz: float | None = None) -> None:
        """`path` may name either file of the pair or what their names begin with.

        `assumed_center_hz` stands in where the recording does not say its frequency.
        """
        self._meta_path = _meta_path(path)
        self._assumed_center_hz = assumed_center_hz

    @property
    def description(self) -> str:
        """Which recording."""
        return f"recording {self._meta_path}"

    @contextmanager
    def open(self) -> Iterator[RecordingStream]:
        """Open both files; RecordingError names the file and the place that is wrong."""
        facts = self._read_facts()
        data_path = self._data_path(facts)
        try:
            data = data_path.open("rb")
            size = data_path.stat().st_size
        except OSError as error:
            msg = f"{data_path}: {error.strerror}"
            raise RecordingError(msg) from error
        with data:
            yield RecordingStream(data, data_path, size, facts, self._center_hz(facts))

    def _read_facts(self) -> RecordingFacts:
        try:
            with self._meta_path.open("rb") as meta:
                text = meta.read(_LARGEST_META_BYTES + 1)
        except OSError as error:
            msg = f"{self._meta_path}: {error.strerror}"
            raise RecordingError(msg) from error
        if len(text) > _LARGEST_META_BYTES:
            msg = f"{self._meta_path}: more than {_LARGEST_META_BYTES} bytes"
            raise RecordingError(msg)
        try:
            return read_metadata(text)
        except MetadataError as error:
            msg = f"{self._meta_path}: {error}"
            raise RecordingError(msg) from error

    def _data_path(self, facts: RecordingFacts) -> Path:
        if facts.dataset is not None:
            return self._meta_path.with_name(facts.dataset)
        return self._meta_path.with_name(
            self._meta_path.name.removesuffix(META_SUFFIX) + DATA_SUFFIX
        )

    def _center_hz(self, facts: RecordingFacts) -> float:
        center_hz = self._assumed_center_hz if facts.center_hz is None else facts.center_hz
        if center_hz is None:
            msg = f"{self._meta_path}: captures[0].core:frequency is missing"
            raise RecordingError(msg)
        return center_hz


class RecordingStream:
    """Fits `SampleStream`: an open recording.

    Attributes:
        facts: Rate, centre and time.
        samples: How many whole samples the data file holds.
        truncated_bytes: Left over at the end of the data file, less than one sample.
    """

    def __init__(
        self, data: BinaryIO, path: Path, size: int, about: RecordingFacts, center_hz: float
    ) -> None:
        self.facts = StreamFacts(about.rate_hz, center_hz, about.started_utc, about.full_scale_dbm)
        self._data, self._path, self._about = data, path, about
        headers = sum(segment.header_bytes for segment in about.segments)
        payload = size - headers - about.trailing_bytes
        if payload < 0:
            msg = f"{path}: {size} bytes, fewer than its metadata says to skip"
            raise RecordingError(msg)
        self.samples, self.truncated_bytes = divmod(payload, about.format.bytes_per_sample)
        last = about.segments[-1].first_sample
        if last > self.samples:
            msg = f"{path}: ends at sample {self.samples}, before capture {last}"
            raise RecordingError(msg)

    def blocks(self) -> Iterator[IqBlock]:
        """Yield the samples from the first to the last; RecordingError when a read fails."""
        lost = 0
        headers = 0
        ends = [segment.first_sample for segment in self._about.segments[1:]]
        for segment, end in zip(self._about.segments, [*ends, self.samples], strict=True):
            headers += segment.header_bytes
            lost += segment.lost_before
            lost_here = segment.lost_before
            for start in range(segment.first_sample, end, BLOCK_SAMPLES):
                count = min(BLOCK_SAMPLES, end - start)
                samples = self._about.format.read(self._raw(headers, start, count))
                yield IqBlock(samples, start + lost, lost_before=lost_here)
                lost_here = 0

    def _raw(self, headers: int, start: int, count: int) -> bytes:
        size = self._about.format.bytes_per_sample
        try:
            self._data.seek(headers + start * size)
            raw = self._data.read(count * size)
        except OSError as error:
            msg = f"{self._path}: sample {start}: {error.strerror}"
            raise RecordingError(msg) from error
        if len(raw) < count * size:
            msg = f"{self._path}: was cut at sample {start} while it was read"
            raise RecordingError(msg)
        return raw


def _meta_path(path: Path) -> Path:
    for suffix in (META_SUFFIX, DATA_SUFFIX):
        if path.name.endswith(suffix):
            return path.with_name(path.name.removesuffix(suffix) + META_SUFFIX)
    return path.with_name(path.name + META_SUFFIX)
