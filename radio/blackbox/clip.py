"""A clip's metadata: what any SigMF reader understands, and what the black box needs besides.

Our own fields are those of the optional extension `nap`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

import msgspec

from radio.blackbox.files import Kind
from radio.blackbox.reach import Datatype
from radio.dsp.report import Undecoded
from radio.sigfox.replica_timing import LONGEST_FRAME_BITS

_SIGMF_VERSION: Final = "1.2.6"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipAbout:
    """What is written beside the samples of a clip.

    Attributes:
        started_utc: ISO 8601 time of its first sample; None without a clock.
        full_scale_dbm: None while uncalibrated.
        first_s: Its first sample in seconds of the stream.
        bursts: Those that did not decode.
    """

    kind: Kind
    datatype: Datatype
    rate_hz: float
    center_hz: float
    started_utc: str | None
    full_scale_dbm: float | None
    zones: Sequence[str]
    simulated: bool
    first_s: float
    bursts: Sequence[Undecoded]

    @property
    def snr_db(self) -> float:
        """Of the strongest burst; 0 of none."""
        return max((round(burst.snr_db, 1) for burst in self.bursts), default=0.0)


def recorder() -> str:
    """Which version of the software could not decode it."""
    return f"nap {version('open-nap')}"


def metadata(about: ClipAbout, sha512: str, samples: int) -> bytes:
    """The content of the `.sigmf-meta` file beside so many samples."""
    document = {
        "global": _given(
            {
                "core:datatype": about.datatype,
                "core:version": _SIGMF_VERSION,
                "core:sample_rate": about.rate_hz,
                "core:recorder": recorder(),
                "core:description": _DESCRIPTIONS[about.kind],
                "core:sha512": sha512,
                "core:extensions": [{"name": "nap", "version": "1.0.0", "optional": True}],
                "nap:kind": about.kind,
                "nap:zones": list(about.zones),
                "nap:snr_db": about.snr_db,
                "nap:simulated": about.simulated or None,
            }
        ),
        "captures": [
            _given(
                {
                    "core:sample_start": 0,
                    "core:frequency": about.center_hz,
                    "core:datetime": about.started_utc,
                    "nap:full_scale_dbm": about.full_scale_dbm,
                }
            )
        ],
        "annotations": [
            _annotation(burst, about, samples)
            for burst in sorted(about.bursts, key=lambda burst: burst.start_s)
        ],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


_DESCRIPTIONS: Final[dict[Kind, str]] = {
    "undecoded": "bursts that did not decode",
    "kept": "the last seconds, kept on demand",
}


def _annotation(burst: Undecoded, about: ClipAbout, samples: int) -> dict[str, object]:
    start = round((burst.start_s - about.first_s) * about.rate_hz)
    start = min(max(start, 0), samples)
    longest = round(LONGEST_FRAME_BITS / burst.bit_rate * about.rate_hz)
    return {
        "core:sample_start": start,
        "core:sample_count": min(longest, samples - start),
        "core:freq_lower_edge": burst.frequency_hz - burst.bit_rate,
        "core:freq_upper_edge": burst.frequency_hz + burst.bit_rate,
        "core:label": "undecoded",
        "core:comment": f"{burst.reason}, {burst.bit_rate} bit/s, {burst.snr_db:.1f} dB",
    }


def _given(fields: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}
