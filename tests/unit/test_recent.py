"""What a process tells the one that follows it of messages that are safe."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from nap.combine import REMEMBER_S
from nap.recent import ENTRIES, RecentMessages
from tests.simulators.frames import frame


def opened(path: Path) -> RecentMessages:
    recent = RecentMessages(path)
    recent.open()
    return recent


def test_the_next_process_knows_what_was_safe_for_as_long_as_a_replica_can_come(
    tmp_path: Path,
) -> None:
    first = opened(tmp_path / "recent")
    assert not first.knows(frame(), now=100.0)
    first.add(frame(rank=1), now=100.0)
    first.close()
    second = opened(tmp_path / "recent")
    assert second.knows(frame(rank=3, offset_s=9.0), now=101.0)
    assert not second.knows(frame(seq_number=8), now=101.0)
    assert not second.knows(frame(), now=100.0 + REMEMBER_S)
    assert not second.knows(frame(), now=50.0)  # the clock of another boot
    second.close()


def test_the_ring_is_bounded_and_keeps_the_newest_over_restarts(tmp_path: Path) -> None:
    path = tmp_path / "recent"
    for start in (0, 3000):
        recent = opened(path)
        for number in range(start, start + 3000):
            recent.add(frame(seq_number=number), now=100.0 + number / 1000)
        recent.close()
    recent = opened(path)
    known = [n for n in range(6000) if recent.knows(frame(seq_number=n), now=107.0)]
    assert known == list(range(6000 - ENTRIES, 6000))
    assert path.stat().st_size < 120_000
    recent.close()


@given(st.binary(max_size=400))
def test_a_damaged_file_makes_no_message_a_copy(tmp_path_factory: object, content: bytes) -> None:
    path = tmp_path_factory.mktemp("recent") / "recent"  # type: ignore[attr-defined]
    path.write_bytes(content)
    recent = opened(path)
    assert not recent.knows(frame(), now=100.0)
    recent.add(frame(), now=100.0)
    recent.close()
    assert opened(path).knows(frame(), now=101.0)


def test_without_a_place_for_it_nothing_is_known_and_nothing_fails(tmp_path: Path) -> None:
    recent = opened(tmp_path / "missing" / "recent")
    recent.add(frame(), now=100.0)
    assert not recent.knows(frame(), now=100.0)
