"""Write SigMF recordings."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from radio.frontend.sample_formats import sample_format
from radio.frontend.sigmf import DATA_SUFFIX, META_SUFFIX

_SIGMF_VERSION: Final = "1.2.6"


def write_recording(
    stem: Path,
    blocks: Iterable[NDArray[np.complex64]],
    *,
    rate_hz: float,
    center_hz: float,
    datatype: str = "cf32_le",
    started_utc: str | None = None,
    description: str | None = None,
) -> int:
    """Write STEM.sigmf-data from `blocks` and STEM.sigmf-meta; return the number of samples.

    The metadata comes last: where it is, the data is whole.

    Raises:
        ValueError: `datatype` is no complex sample format.
        OSError: a file cannot be written.
    """
    layout = sample_format(datatype)
    digest = hashlib.sha512()
    count = 0
    with stem.with_name(stem.name + DATA_SUFFIX).open("wb") as data:
        for block in blocks:
            raw = layout.write(block)
            digest.update(raw)
            data.write(raw)
            count += len(block)
    capture = {
        "core:sample_start": 0,
        "core:frequency": center_hz,
        "core:datetime": started_utc,
    }
    about = {
        "core:datatype": datatype,
        "core:version": _SIGMF_VERSION,
        "core:sample_rate": rate_hz,
        "core:recorder": "nap",
        "core:description": description,
        "core:sha512": digest.hexdigest(),
    }
    document = {"global": _given(about), "captures": [_given(capture)], "annotations": []}
    text = msgspec.json.format(msgspec.json.encode(document), indent=2)
    stem.with_name(stem.name + META_SUFFIX).write_bytes(text + b"\n")
    return count


def _given(fields: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}
