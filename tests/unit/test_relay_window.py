"""What is sent next, what again, and how much may be under way."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from nap.relay.ranges import pairs
from nap.relay.window import Lane, Limits, Window
from nap.spool.ports import Kind, Record

LIMITS = Limits(
    in_flight=10,
    live_reserve=0.3,
    drain_per_s=1e6,
    unconfirmed=40,
    confirm_within_s=30.0,
    progress_within_s=120.0,
)


def record(number: int) -> Record:
    return Record(number, Kind.UPLINK, b"{}", 0.0)


class Desk:
    """A window with a spool of numbers from 1 to `head` behind it."""

    def __init__(self, limits: Limits = LIMITS, head: int = 0, receive_maximum: int = 1000) -> None:
        self.now = 1000.0
        self.head = head
        self.settled: set[int] = set()
        self.window = Window(limits, self.now)
        self.window.open(head, receive_maximum, self.now)

    def send(self) -> list[int]:
        """Send all that may go now; return the numbers in order."""
        sent = self._lane(Lane.LIVE)
        for again in self.window.take_again(self.now):
            self.window.sent(Lane.BACKLOG, again, self.now)
            sent.append(again.number)
        return sent + self._lane(Lane.BACKLOG)

    def _lane(self, lane: Lane) -> list[int]:
        sent: list[int] = []
        while want := self.window.want(lane, self.head, self.now):
            there = [
                record(n) for n in range(want.after + 1, want.through + 1) if n not in self.settled
            ]
            for fresh in self.window.fetched(want, there[: want.limit]):
                self.window.sent(lane, fresh, self.now)
                sent.append(fresh.number)
        return sent

    def accept(self, *numbers: int) -> None:
        for number in numbers:
            self.window.accepted(number)

    def confirm(self, first: int, last: int) -> list[tuple[int, int]]:
        settled = self.window.settle([(first, last)], self.now)
        self.settled |= {n for a, b in settled for n in range(a, b + 1)}
        return settled

    def reconnect(self, receive_maximum: int = 1000) -> None:
        self.window.open(self.head, receive_maximum, self.now)


def test_the_backlog_leaves_a_reserve_that_live_messages_use_at_once() -> None:
    desk = Desk(head=100)
    assert desk.send() == [1, 2, 3, 4, 5, 6, 7]
    desk.head = 105
    assert desk.send() == [101, 102, 103]
    desk.accept(1)
    assert desk.send() == [104]


def test_live_goes_before_the_backlog_when_slots_become_free() -> None:
    desk = Desk(head=100)
    desk.send()
    desk.head = 101
    desk.accept(1, 2)
    assert desk.send() == [101, 8]


def test_the_servers_receive_maximum_counts_when_it_is_smaller() -> None:
    desk = Desk(head=100, receive_maximum=4)
    assert desk.send() == [1, 2, 3]
    desk = Desk(head=100, receive_maximum=1)
    assert desk.send() == [1]
    desk.accept(1)
    assert desk.send() == [2]


def test_a_broker_acknowledgment_frees_a_slot_but_settles_nothing() -> None:
    desk = Desk(head=3)
    assert desk.send() == [1, 2, 3]
    desk.accept(1, 2, 3)
    assert (desk.window.in_flight, desk.window.under_way) == (0, 3)
    assert desk.confirm(1, 3) == [(1, 3)]
    assert desk.window.under_way == 0


def test_what_was_never_sent_is_not_settled_by_a_lying_acknowledgment() -> None:
    desk = Desk(head=100)
    desk.send()
    assert desk.confirm(1, 2**53) == [(1, 7)]
    assert desk.send() == [8, 9, 10, 11, 12, 13, 14]


def test_the_unconfirmed_are_bounded_and_live_keeps_a_share() -> None:
    desk = Desk(head=100)
    while sent := desk.send():
        desk.accept(*sent)
    assert desk.window.under_way == 28
    desk.head = 200
    while sent := desk.send():
        desk.accept(*sent)
    assert desk.window.under_way == 40


def test_a_silent_cloud_gets_one_probe_at_a_time_and_all_once_it_speaks() -> None:
    desk = Desk(head=5)
    desk.accept(*desk.send())
    desk.now += 29
    assert desk.send() == []
    desk.now += 1
    assert desk.send() == [1]
    desk.accept(1)
    desk.now += 29
    assert desk.send() == []
    desk.now += 1
    assert desk.send() == [2]
    desk.accept(2)
    desk.confirm(2, 2)
    desk.now += 1
    assert desk.send() == [3, 4, 5, 1]


def test_a_new_connection_sends_again_what_was_under_way_and_only_that_twice() -> None:
    desk = Desk(head=20)
    desk.accept(*desk.send()[:3])
    desk.head = 22
    desk.send()
    desk.reconnect()
    sent = []
    while burst := desk.send():
        sent += burst
        desk.accept(*burst)
    assert sorted(sent) == list(range(1, 23))


def test_a_late_confirmation_from_the_last_connection_still_counts() -> None:
    desk = Desk(head=3)
    desk.send()
    desk.reconnect()
    assert desk.confirm(1, 2) == [(1, 2)]
    assert desk.send() == [3]


def test_a_postponed_record_waits_and_holds_no_slot() -> None:
    desk = Desk(head=1)
    desk.send()
    desk.window.postponed(1, desk.now + 5)
    assert (desk.window.in_flight, desk.window.under_way) == (0, 1)
    assert desk.send() == []
    assert desk.window.next_deadline(desk.now) == desk.now + 5
    desk.now += 5
    assert desk.send() == [1]


def test_the_drain_limit_slows_the_backlog_and_not_the_live_lane() -> None:
    desk = Desk(replace(LIMITS, drain_per_s=4.0), head=100)
    assert desk.send() == [1]
    desk.head = 103
    assert desk.send() == [101, 102, 103]
    desk.accept(1, 101, 102, 103)
    assert desk.window.next_deadline(desk.now) == desk.now + 0.25
    sent = 0
    for _ in range(100):
        desk.now += 0.05
        sent += len(burst := desk.send())
        desk.accept(*burst)
        desk.confirm(1, 200)
    assert 19 <= sent <= 20


def test_a_connection_is_stalled_by_the_age_of_what_is_not_settled() -> None:
    desk = Desk(head=0)
    desk.now += 1000
    assert desk.window.stalled_s(desk.now) is None
    desk.head = 1
    desk.accept(*desk.send())
    desk.now += 120
    assert desk.window.stalled_s(desk.now) is None
    desk.now += 1
    assert desk.window.stalled_s(desk.now) == 121
    desk.confirm(1, 1)
    assert desk.window.stalled_s(desk.now) is None


def test_nothing_to_do_has_no_deadline() -> None:
    desk = Desk()
    assert desk.window.next_deadline(desk.now) is None


def test_a_refused_record_is_given_back_once() -> None:
    desk = Desk(head=2)
    desk.send()
    refused = desk.window.refuse(2, desk.now)
    assert refused is not None
    assert refused.number == 2
    assert desk.window.refuse(2, desk.now) is None
    assert desk.window.refuse(99, desk.now) is None


@given(st.sets(st.integers(1, 60)))
def test_pairs_cover_exactly_the_numbers(numbers: set[int]) -> None:
    found = pairs(numbers)
    assert [n for first, last in found for n in range(first, last + 1)] == sorted(numbers)
    assert all(later > last + 1 for (_, last), (later, _) in pairwise(found))


class AnyFate(RuleBasedStateMachine):
    """Whatever happens in whatever order: bounds hold, and in the end everything is settled."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk(head=30, receive_maximum=8)
        self.receive_maximum = 8
        self.flying: set[int] = set()
        self.ever_sent: set[int] = set()

    @rule(count=st.integers(1, 10))
    def put(self, count: int) -> None:
        self.desk.head += count

    @rule(seconds=st.floats(0, 100))
    def time_passes(self, seconds: float) -> None:
        self.desk.now += seconds

    @rule()
    def send(self) -> None:
        sent = self.desk.send()
        assert len(set(sent)) == len(sent)
        assert not set(sent) & self.flying
        assert not set(sent) & self.desk.settled
        self.flying |= set(sent)
        self.ever_sent |= set(sent)

    @rule(data=st.data())
    @precondition(lambda self: self.flying)
    def accept(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.flying)))
        self.flying.remove(number)
        self.desk.accept(number)

    @rule(first=st.integers(1, 60), length=st.integers(0, 30))
    def confirm(self, first: int, length: int) -> None:
        settled = self.desk.confirm(first, first + length)
        numbers = {n for a, b in settled for n in range(a, b + 1)}
        assert numbers <= self.ever_sent
        self.flying -= numbers

    @rule(data=st.data(), seconds=st.floats(0, 50))
    @precondition(lambda self: self.flying)
    def postpone(self, data: st.DataObject, seconds: float) -> None:
        number = data.draw(st.sampled_from(sorted(self.flying)))
        self.flying.remove(number)
        self.desk.window.postponed(number, self.desk.now + seconds)

    @rule(receive_maximum=st.integers(1, 20))
    def reconnect(self, receive_maximum: int) -> None:
        self.receive_maximum = receive_maximum
        self.flying.clear()
        self.desk.reconnect(receive_maximum)

    @invariant()
    def bounds_hold(self) -> None:
        window = self.desk.window
        assert window.in_flight == len(self.flying)
        assert window.in_flight <= min(LIMITS.in_flight, self.receive_maximum)
        assert window.under_way <= LIMITS.unconfirmed

    @invariant()
    def there_is_always_a_way_forward(self) -> None:
        # Something under way always has a time at which it is looked at again.
        if self.desk.window.under_way:
            assert self.desk.window.next_deadline(self.desk.now) is not None

    def teardown(self) -> None:
        for _ in range(200):
            self.desk.now += 31
            for number in self.desk.send():
                self.desk.accept(number)
            self.desk.confirm(1, self.desk.head)
        assert self.desk.settled == set(range(1, self.desk.head + 1))


TestAnyFate = AnyFate.TestCase
