"""Replicas of messages, with the clock in the test's hand."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from nap.combine import FRAMES_LIMIT, Closed, Combiner, LaterReplica, NewMessage, hold_s
from tests.simulators.frames import frame


def kinds(events: list[object]) -> list[str]:
    return [type(event).__name__ for event in events]


def test_the_first_frame_is_told_at_once_and_the_third_closes() -> None:
    combiner = Combiner()
    assert kinds(combiner.receive(frame(rank=1, offset_s=0.0), now=0.0)) == ["NewMessage"]
    assert kinds(combiner.receive(frame(rank=2, offset_s=3.0), now=3.0)) == ["LaterReplica"]
    replica, closed = combiner.receive(frame(rank=3, offset_s=6.0, snr_db=30.0), now=6.0)
    assert isinstance(replica, LaterReplica)
    assert isinstance(closed, Closed)
    assert [heard.rank for heard in closed.frames] == [1, 2, 3]
    assert closed.best.rank == 3


def test_a_message_heard_once_closes_when_no_more_can_come() -> None:
    combiner = Combiner()
    combiner.receive(frame(rank=2), now=100.0)
    deadline = combiner.next_deadline()
    assert deadline == 100.0 + hold_s(100)
    assert combiner.poll(deadline - 0.01) == []
    (closed,) = combiner.poll(deadline)
    assert [heard.rank for heard in closed.frames] == [2]
    assert combiner.next_deadline() is None


def test_the_hold_covers_three_of_the_longest_frames_with_the_longest_gaps() -> None:
    assert 2 * (2.08 + 2.0) < hold_s(100) < 12.0
    assert hold_s(600) < hold_s(100)
    assert hold_s(100, sensing_s=8.0) == hold_s(100) + 8.0


def test_a_late_replica_never_makes_a_second_message() -> None:
    combiner = Combiner()
    (new,) = combiner.receive(frame(rank=1), now=0.0)
    assert isinstance(new, NewMessage)
    combiner.poll(20.0)
    late = combiner.receive(frame(rank=2), now=25.0)
    assert late == [LaterReplica(new.message, frame(rank=2))]
    assert combiner.poll(100.0) == []


def test_a_counter_that_rolled_over_makes_a_new_message() -> None:
    combiner = Combiner()
    combiner.receive(frame(payload="01"), now=0.0)
    assert "NewMessage" in kinds(combiner.receive(frame(payload="02"), now=10.0))
    assert "NewMessage" in kinds(combiner.receive(frame(payload="01"), now=300.0))


def test_the_same_counter_and_payload_with_another_tag_is_another_device() -> None:
    combiner = Combiner()
    combiner.receive(frame(packet="aa"), now=0.0)
    assert kinds(combiner.receive(frame(packet="bb"), now=1.0)) == ["NewMessage"]


def test_a_repeater_that_never_stops_fills_no_memory() -> None:
    combiner = Combiner()
    for count in range(1000):
        combiner.receive(frame(rank=1, offset_s=count / 1000), now=count / 1000)
    (closed,) = combiner.flush()
    assert len(closed.frames) == FRAMES_LIMIT


def test_a_flood_of_forged_ids_is_bounded_and_what_is_forgotten_is_counted() -> None:
    combiner = Combiner(capacity=100)
    events = [
        event
        for count in range(1000)
        for event in combiner.receive(frame(device_id=f"{count:08x}"), now=count / 1000)
    ]
    assert combiner.forgotten == 900
    assert Counter(kinds(events)) == {"NewMessage": 1000, "Closed": 900}
    assert len(combiner.flush()) == 100


HEARD = st.lists(
    st.tuples(
        st.integers(0, 4),  # device
        st.integers(0, 2),  # counter
        st.integers(1, 3),  # rank
        st.sampled_from([100, 600]),
        st.floats(0, 15),  # s later
    ),
    max_size=60,
)


@given(HEARD, st.integers(2, 50))
def test_every_frame_is_told_once_and_every_message_closed_once(
    heard: list[tuple[int, int, int, int, float]], capacity: int
) -> None:
    combiner, now, events = Combiner(capacity=capacity), 0.0, []
    for device, counter, rank, bit_rate, later_s in heard:
        now += later_s
        made = frame(device_id=f"{device:08x}", seq_number=counter, rank=rank, bit_rate=bit_rate)
        events += combiner.receive(made, now)
    events += combiner.flush()
    told = [event for event in events if not isinstance(event, Closed)]
    assert len(told) == len(heard)
    new = [event.message for event in events if isinstance(event, NewMessage)]
    closed = [event.message for event in events if isinstance(event, Closed)]
    assert sorted(new) == sorted(closed) == sorted(set(new))
    assert all(event.frames for event in events if isinstance(event, Closed))
