"""SigMF recordings as real files, held against the official validator and reader."""

from __future__ import annotations

import json
import tracemalloc
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sigmf
from numpy.typing import NDArray

from radio.frontend.ports import RecordingError
from radio.frontend.sigmf import BLOCK_SAMPLES, Recording
from radio.frontend.sigmf_writer import write_recording

FORMATS = ["cf32_le", "ci16_le", "ci8", "cu8", "cf64_be", "cu16_le"]


def some_samples(count: int) -> NDArray[np.complex64]:
    rng = np.random.default_rng(7)
    return rng.uniform(-0.7, 0.7, 2 * count).astype(np.float32).view(np.complex64)


def write(stem: Path, samples: NDArray[np.complex64], datatype: str = "cf32_le") -> None:
    half = len(samples) // 2
    count = write_recording(
        stem,
        [samples[:half], samples[half:]],
        rate_hz=250_000.0,
        center_hz=868_130_000.0,
        datatype=datatype,
        started_utc="2026-11-21T16:00:00.000000Z",
        description="made by a test",
    )
    assert count == len(samples)


def change_meta(stem: Path, section: str, **fields: Any) -> None:  # noqa: ANN401
    path = Path(f"{stem}.sigmf-meta")
    document = json.loads(path.read_text())
    target = document[section] if section == "global" else document[section][0]
    target.update({f"core:{name}": value for name, value in fields.items()})
    path.write_text(json.dumps(document))


def read_all(recording: Recording) -> NDArray[np.complex64]:
    with recording.open() as stream:
        return np.concatenate([block.samples for block in stream.blocks()])


@pytest.mark.parametrize("datatype", FORMATS)
def test_the_official_library_accepts_and_reads_what_we_write(
    tmp_path: Path, datatype: str
) -> None:
    samples = some_samples(1_000)
    write(tmp_path / "air", samples, datatype)
    official = sigmf.sigmffile.fromfile(str(tmp_path / "air.sigmf-meta"))
    official.validate()
    # Their middle of unsigned samples lies half a step above ours, which is that of the parts.
    step = 0 if datatype.startswith("cf") else 3 / 256
    np.testing.assert_allclose(official.read_samples(), samples, atol=step + 1e-6)
    assert official.get_global_field("core:sample_rate") == 250_000
    assert official.get_captures()[0]["core:frequency"] == 868_130_000


def test_we_read_what_the_official_library_writes(tmp_path: Path) -> None:
    samples = some_samples(500)
    samples.tofile(tmp_path / "theirs.sigmf-data")
    theirs = sigmf.SigMFFile(
        data_file=str(tmp_path / "theirs.sigmf-data"),
        global_info={"core:datatype": "cf32_le", "core:sample_rate": 48_000.0},
    )
    theirs.add_capture(0, metadata={"core:frequency": 868e6})
    theirs.tofile(str(tmp_path / "theirs.sigmf-meta"))
    assert np.array_equal(read_all(Recording(tmp_path / "theirs")), samples)


@pytest.mark.parametrize("name", ["air", "air.sigmf-meta", "air.sigmf-data"])
def test_any_name_of_the_pair_opens_it(tmp_path: Path, name: str) -> None:
    samples = some_samples(2 * BLOCK_SAMPLES + 17)
    write(tmp_path / "air", samples)
    with Recording(tmp_path / name).open() as stream:
        assert stream.facts.started_utc == "2026-11-21T16:00:00.000000Z"
        assert stream.samples == len(samples)
        blocks = list(stream.blocks())
    assert max(len(block.samples) for block in blocks) == BLOCK_SAMPLES
    assert np.array_equal(np.concatenate([block.samples for block in blocks]), samples)


def test_a_truncated_last_sample_is_counted_and_the_rest_is_read(tmp_path: Path) -> None:
    write(tmp_path / "air", some_samples(100), "ci16_le")
    data = tmp_path / "air.sigmf-data"
    data.write_bytes(data.read_bytes()[:-3])
    with Recording(tmp_path / "air").open() as stream:
        assert (stream.samples, stream.truncated_bytes) == (99, 1)
        assert sum(len(block.samples) for block in stream.blocks()) == 99


def test_segments_headers_and_losses_are_walked_through(tmp_path: Path) -> None:
    samples = some_samples(300)
    raw = samples.tobytes()
    (tmp_path / "box.dat").write_bytes(b"HEAD" + raw[:800] + b"MID" + raw[800:] + b"TAILS")
    document = {
        "global": {
            "core:datatype": "cf32_le",
            "core:version": "1.2.0",
            "core:sample_rate": 1e6,
            "core:dataset": "box.dat",
            "core:trailing_bytes": 5,
        },
        "captures": [
            {"core:sample_start": 0, "core:header_bytes": 4, "core:frequency": 1e6},
            {
                "core:sample_start": 100,
                "core:header_bytes": 3,
                "core:frequency": 1e6,
                "core:global_index": 150,
            },
        ],
        "annotations": [],
    }
    (tmp_path / "box.sigmf-meta").write_text(json.dumps(document))
    with Recording(tmp_path / "box").open() as stream:
        first, second = stream.blocks()
    assert np.array_equal(first.samples, samples[:100])
    assert np.array_equal(second.samples, samples[100:])
    assert (first.first_sample, second.first_sample, second.lost_before) == (0, 150, 50)


def test_where_the_frequency_is_missing_the_zone_may_stand_in(tmp_path: Path) -> None:
    write(tmp_path / "air", some_samples(10))
    change_meta(tmp_path / "air", "captures", frequency=None)
    with pytest.raises(RecordingError, match=r"air\.sigmf-meta: captures\[0\]\.core:frequency"):
        read_all(Recording(tmp_path / "air"))
    with Recording(tmp_path / "air", assumed_center_hz=1.0).open() as stream:
        assert stream.facts.center_hz == 1.0


def test_errors_name_the_file(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"absent\.sigmf-meta: No such file"):
        read_all(Recording(tmp_path / "absent"))
    write(tmp_path / "air", some_samples(10))
    change_meta(tmp_path / "air", "global", trailing_bytes=999)
    with pytest.raises(RecordingError, match=r"air\.sigmf-data: 80 bytes"):
        read_all(Recording(tmp_path / "air"))
    change_meta(tmp_path / "air", "global", trailing_bytes=0, datatype="song")
    with pytest.raises(RecordingError, match=r"air\.sigmf-meta: global\.core:datatype: 'song'"):
        read_all(Recording(tmp_path / "air"))
    (tmp_path / "air.sigmf-data").unlink()
    change_meta(tmp_path / "air", "global", datatype="cu8")
    with pytest.raises(RecordingError, match=r"air\.sigmf-data: No such file"):
        read_all(Recording(tmp_path / "air"))


def test_a_capture_behind_the_end_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "air", some_samples(10))
    path = tmp_path / "air.sigmf-meta"
    document = json.loads(path.read_text())
    document["captures"].append({**document["captures"][0], "core:sample_start": 11})
    path.write_text(json.dumps(document))
    with pytest.raises(RecordingError, match="ends at sample 10, before capture 11"):
        read_all(Recording(tmp_path / "air"))


def test_a_file_that_shrinks_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    write(tmp_path / "air", some_samples(BLOCK_SAMPLES + 10))
    with Recording(tmp_path / "air").open() as stream:
        blocks = stream.blocks()
        next(blocks)
        (tmp_path / "air.sigmf-data").write_bytes(b"")
        with pytest.raises(RecordingError, match=f"was cut at sample {BLOCK_SAMPLES}"):
            next(blocks)


def test_a_gigabyte_is_read_in_little_memory(tmp_path: Path) -> None:
    write(tmp_path / "long", some_samples(1))
    with (tmp_path / "long.sigmf-data").open("r+b") as data:
        data.truncate(2**30)
    with Recording(tmp_path / "long").open() as stream:
        assert stream.samples == 2**27
        tracemalloc.start()
        for _ in islice(stream.blocks(), 200):
            pass
        _, peak_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak_bytes < 16 * BLOCK_SAMPLES * 8
