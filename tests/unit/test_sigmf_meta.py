"""SigMF metadata from strangers: facts, or an error that names the place."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from radio.frontend.sample_formats import sample_format
from radio.frontend.sigmf_meta import MetadataError, RecordingFacts, read_metadata

NAMES = ["cf32_le", "cf32_be", "cf64_le", "ci8", "cu8", "ci16_le", "ci16_be", "cu16_le"]
NAMES += ["ci32_le", "cu32_be"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


def document(about: dict[str, Any] | None = None, *captures: dict[str, Any]) -> bytes:
    base = {"core:datatype": "cf32_le", "core:version": "1.2.0", "core:sample_rate": 250_000}
    return json.dumps(
        {"global": {**base, **(about or {})}, "captures": captures, "annotations": []}
    ).encode()


def capture(start: int = 0, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - hostile values too
    return {"core:sample_start": start, **{f"core:{name}": value for name, value in fields.items()}}


def test_rate_centre_and_time_are_read() -> None:
    facts = read_metadata(
        document(None, capture(frequency=868.13e6, datetime="2026-11-21T16:00:00.25Z"))
    )
    assert facts.rate_hz == 250_000
    assert facts.center_hz == 868_130_000
    assert facts.started_utc == "2026-11-21T16:00:00.250000Z"


def test_the_time_of_a_capture_that_starts_later_is_moved_to_sample_0() -> None:
    facts = read_metadata(
        document({"core:offset": 1000}, capture(251_000, datetime="2026-11-21T16:00:01Z"))
    )
    assert facts.started_utc == "2026-11-21T16:00:00.000000Z"


def test_a_capture_without_a_frequency_goes_on_with_the_one_before_it() -> None:
    facts = read_metadata(document(None, capture(frequency=868.13e6), capture(500), capture(900)))
    assert facts.center_hz == 868_130_000
    with pytest.raises(MetadataError, match=r"captures\[2\]\.core:frequency"):
        read_metadata(document(None, capture(frequency=1), capture(5), capture(9, frequency=2)))


def test_samples_that_the_recorder_lost_are_counted() -> None:
    facts = read_metadata(
        document(
            None, capture(0, global_index=7), capture(500, global_index=1007), capture(900)
        ).replace(b"900}", b'900, "core:global_index": 1407}')
    )
    assert [segment.lost_before for segment in facts.segments] == [0, 500, 0]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (b"", "truncated"),
        (b"\xff", "malformed"),
        (b"[]", "Expected `object`"),
        (b'{"global": {}, "captures": []}', "`$.global`"),
        (document({"core:datatype": "rf32_le"}), "global.core:datatype"),
        (document({"core:datatype": "cf16_le"}), "global.core:datatype"),
        (document({"core:sample_rate": 0}), "core:sample_rate"),
        (document({"core:sample_rate": "fast"}), "core:sample_rate"),
        (document({"core:num_channels": 2}), "global.core:num_channels"),
        (document({"core:dataset": "../../etc/shadow"}), "global.core:dataset"),
        (document({"core:trailing_bytes": -1}), "core:trailing_bytes"),
        (document(None, capture(-1)), "captures"),
        (document(None, capture(datetime="yesterday")), "captures[0].core:datetime"),
        (
            document(None, capture(datetime="0001-01-01T00:00:00+10:00")),
            "captures[0].core:datetime",
        ),
        (document(None, capture(frequency=1e300)), "captures"),
        (document(None, capture(0), capture(9), capture(5)), "captures[2].core:sample_start"),
        (document(None, capture(frequency=1), capture(9, frequency=2)), "captures[1].core:freq"),
        (
            document(None, capture(0), capture(9, global_index=3)),
            "captures[1].core:global_index",
        ),
        (b'{"global":' + b"[" * 100_000, "Expected `object`"),
        (b'{"x":' + b"[" * 100_000, "recursion"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: bytes, place: str) -> None:
    with pytest.raises(MetadataError) as caught:
        read_metadata(text)
    assert place in str(caught.value)


@given(JSON, JSON, st.lists(JSON, max_size=3))
def test_any_values_give_facts_or_a_metadata_error(
    first: object, second: object, captures: list[object]
) -> None:
    about = {
        "core:datatype": "cu8",
        "core:version": "1.0.0",
        "core:sample_rate": second,
        "core:dataset": first,
    }
    text = json.dumps({"global": about, "captures": captures}).encode()
    with suppress(MetadataError):
        assert isinstance(read_metadata(text), RecordingFacts)


@pytest.mark.parametrize("name", NAMES)
def test_samples_survive_a_format_to_half_a_step(name: str) -> None:
    layout = sample_format(name)
    samples = np.random.default_rng(1).uniform(-1, 1, 400).astype(np.float32).view(np.complex64)
    again = layout.read(layout.write(samples))
    assert again.dtype == np.complex64
    assert len(layout.write(samples)) == 200 * layout.bytes_per_sample
    step = 2.0 ** (1 - 8 * layout.part.itemsize) if layout.part.kind != "f" else 1e-7
    np.testing.assert_allclose(again.view(np.float32), samples.view(np.float32), atol=1.01 * step)


@pytest.mark.parametrize("name", NAMES)
def test_full_scale_and_beyond_is_clipped_and_stays_finite(name: str) -> None:
    layout = sample_format(name)
    samples = np.array([3 - 3j, complex(np.inf, -np.inf), complex(np.nan, 0)], np.complex64)
    if layout.part.kind == "f":
        again = layout.read(layout.write(samples)).view(np.float32)
        assert np.isfinite(again).all()
        assert again[4] == 0
    else:
        again = layout.read(layout.write(samples[:2])).view(np.float32)
        assert np.abs(again).max() <= 1


@given(st.binary(max_size=160), st.sampled_from(NAMES))
def test_any_bytes_become_finite_samples(raw: bytes, name: str) -> None:
    layout = sample_format(name)
    whole = raw[: len(raw) // layout.bytes_per_sample * layout.bytes_per_sample]
    samples = layout.read(whole)
    assert len(samples) == len(whole) // layout.bytes_per_sample
    power = np.abs(samples) ** 2
    assert np.isfinite(power.sum())
