"""The metadata of a SigMF recording, read as what a hostile stranger may have written.

Source: SigMF 1.2.6, "Core namespace".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
from msgspec import Meta, field

from radio.frontend.sample_formats import SampleFormat, sample_format
from radio.iso_time import iso_utc, later, parse_iso_utc

Index = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Hertz = Annotated[float, Meta(ge=-1e12, le=1e12)]
# As for live parts: memory and work grow with the rate.
Rate = Annotated[float, Meta(gt=0, le=20e6)]
Dbm = Annotated[float, Meta(ge=-200, le=200)]
# In the folder of the metadata and nowhere else.
_FILE_NAME: Final = re.compile(r'[^/\\:*?"<>|\x00]{1,255}')


class MetadataError(ValueError):
    """The metadata cannot be used; the text names the place."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Samples in one piece.

    Attributes:
        first_sample: Index in the data file.
        header_bytes: Bytes to skip in front of it.
        lost_before: Samples that the recorder says are missing in front of it.
    """

    first_sample: int
    header_bytes: int
    lost_before: int


@dataclass(frozen=True, slots=True)
class RecordingFacts:
    """What the metadata says about the data.

    Attributes:
        center_hz: None where it is not given.
        started_utc: ISO 8601 time of sample 0; None where it is not given.
        dataset: Name of the data file where it is not the usual one.
        trailing_bytes: Bytes to ignore at the end of the data file.
        full_scale_dbm: dBm of a full-scale sine; None where it is not given.
    """

    format: SampleFormat
    rate_hz: float
    center_hz: float | None
    started_utc: str | None
    segments: tuple[Segment, ...]
    dataset: str | None
    trailing_bytes: int
    full_scale_dbm: float | None = None


class _Global(msgspec.Struct, frozen=True):
    datatype: str = field(name="core:datatype")
    version: str = field(name="core:version")
    sample_rate: Rate = field(name="core:sample_rate")
    num_channels: Index = field(name="core:num_channels", default=1)
    offset: Index = field(name="core:offset", default=0)
    dataset: str | None = field(name="core:dataset", default=None)
    trailing_bytes: Index = field(name="core:trailing_bytes", default=0)


class _Capture(msgspec.Struct, frozen=True):
    sample_start: Index = field(name="core:sample_start")
    frequency: Hertz | None = field(name="core:frequency", default=None)
    datetime: str | None = field(name="core:datetime", default=None)
    global_index: Index | None = field(name="core:global_index", default=None)
    header_bytes: Index = field(name="core:header_bytes", default=0)
    full_scale_dbm: Dbm | None = field(name="nap:full_scale_dbm", default=None)


class _Document(msgspec.Struct, frozen=True):
    globals: _Global = field(name="global")
    captures: Annotated[list[_Capture], Meta(max_length=100_000)]


def read_metadata(text: bytes) -> RecordingFacts:
    """Read the whole content of a `.sigmf-meta` file.

    Raises:
        MetadataError: it is no usable metadata; the text names the place.
    """
    try:
        document = msgspec.json.decode(text, type=_Document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MetadataError(str(error)) from error
    about, captures = document.globals, document.captures or [_Capture(0)]
    if about.num_channels != 1:
        msg = f"global.core:num_channels is {about.num_channels}; only 1 can be read"
        raise MetadataError(msg)
    if about.dataset is not None and not _FILE_NAME.fullmatch(about.dataset):
        msg = "global.core:dataset is not a plain file name"
        raise MetadataError(msg)
    return RecordingFacts(
        format=_format(about.datatype),
        rate_hz=about.sample_rate,
        center_hz=_center(captures),
        started_utc=_started(captures[0], about),
        segments=_segments(captures, about.offset),
        dataset=about.dataset,
        trailing_bytes=about.trailing_bytes,
        full_scale_dbm=captures[0].full_scale_dbm,
    )


def _format(datatype: str) -> SampleFormat:
    try:
        return sample_format(datatype)
    except ValueError as error:
        msg = f"global.core:datatype: {error}"
        raise MetadataError(msg) from error


def _center(captures: list[_Capture]) -> float | None:
    """The one frequency of all captures; one that gives none goes on with what was before it."""
    center_hz = None
    for number, capture in enumerate(captures):
        if capture.frequency is None:
            continue
        if center_hz is not None and capture.frequency != center_hz:
            msg = (
                f"captures[{number}].core:frequency changes from {center_hz} to "
                f"{capture.frequency}; split the recording there"
            )
            raise MetadataError(msg)
        center_hz = capture.frequency
    return center_hz


def _started(first: _Capture, about: _Global) -> str | None:
    if first.datetime is None:
        return None
    before_s = (first.sample_start - about.offset) / about.sample_rate
    try:
        return later(iso_utc(parse_iso_utc(first.datetime)), -before_s)
    except ValueError as error:
        msg = f"captures[0].core:datetime: {error}"
        raise MetadataError(msg) from error


def _segments(captures: list[_Capture], offset: int) -> tuple[Segment, ...]:
    segments: list[Segment] = []
    missing = 0
    for number, capture in enumerate(captures):
        # What lies in front of the first capture is described by it as well.
        start = capture.sample_start - offset if number else 0
        if start < (segments[-1].first_sample if segments else 0):
            msg = f"captures[{number}].core:sample_start is out of order"
            raise MetadataError(msg)
        index = capture.sample_start if capture.global_index is None else capture.global_index
        missing_now = index - capture.sample_start
        lost = missing_now - missing if number else 0
        if lost < 0:
            msg = f"captures[{number}].core:global_index goes back"
            raise MetadataError(msg)
        segments.append(Segment(start, capture.header_bytes, lost))
        missing = missing_now
    return tuple(segments)
