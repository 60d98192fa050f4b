"""The just-in-time queue: one transmitter, windows, priorities, and a reason for every refusal."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from radio.air.device import Device, message
from radio.commands import Transmit
from radio.downlink.plan import Want, plan
from radio.downlink.queue import LEAD_S, LIMIT, DownlinkQueue, Slot
from radio.downlink.refusal import Refusal, Refused
from radio.downlink.regulation import RULES
from radio.downlink.window import AIRTIME_S, Window
from radio.sigfox.zones import ZONES
from tests.simulators.hearing import heard

PLENTY_S = 360.0
SENSOR = Device(
    device_id=1, bit_rate=600, snr_db=20.0, interval_s=120.0, first_s=20.0, bidirectional=True
)
FRAME = heard(message(SENSOR, ZONES["RC1"], 1, 0)[0])


def queue_that_heard(
    count: int, zone: str = "RC1", apart_s: float = 0.0, **how: int
) -> DownlinkQueue:
    """Devices 1, 2, … asked with their number 7; their windows open from 120 s on."""
    queue = DownlinkQueue(ZONES[zone], **how)  # type: ignore[arg-type]
    frame_s = (32 + 4 * len(FRAME.packet) + 16) / 600
    for number in range(1, count + 1):
        uplink = msgspec.structs.replace(
            FRAME,
            device_id=f"{number:08x}",
            seq_number=7,
            rank=1,
            offset_s=100.0 + number * apart_s - frame_s,
            frequency_hz=float(ZONES[zone].uplink_center_hz),
        )
        queue.heard(uplink)
    return queue


def command(number: int, priority: int = 5, **changes: object) -> Transmit:
    fields: dict[str, object] = {
        "id": f"c{number}", "device_id": f"{number:08x}", "seq_number": 7,
        "payload": "00" * 8, "tag": "beef", "priority": priority,
    }  # fmt: skip
    return Transmit(**{**fields, **changes})  # type: ignore[arg-type]


def reasons(results: list[Slot | Refused]) -> dict[str, Refusal]:
    return {one.id: one.reason for one in results if isinstance(one, Refused)}


def run_out(queue: DownlinkQueue, airtime_left_s: float = PLENTY_S) -> list[Slot | Refused]:
    """Let time pass until nothing waits."""
    done: list[Slot | Refused] = []
    while (deadline_s := queue.next_deadline_s()) is not None:
        results = queue.take_due(deadline_s, airtime_left_s)
        done += results
        for slot in results:
            if isinstance(slot, Slot):
                airtime_left_s -= AIRTIME_S
                done += queue.sent(slot, slot.starts_s + AIRTIME_S, airtime_left_s)
    return done


def test_a_downlink_starts_half_a_second_into_its_window() -> None:
    queue = queue_that_heard(1)
    (slot,) = queue.submit(command(1), 105.0, PLENTY_S)
    assert isinstance(slot, Slot)
    assert slot.starts_s == pytest.approx(120.5)
    assert slot.window.frequency_hz == ZONES["RC1"].downlink_center_hz
    assert queue.next_deadline_s() == pytest.approx(120.5 - LEAD_S)
    assert queue.take_due(119.9, PLENTY_S) == []
    assert queue.take_due(120.5 - LEAD_S, PLENTY_S) == [slot]
    assert queue.next_deadline_s() is None


def test_one_that_comes_late_starts_later_and_too_late_is_refused() -> None:
    (slot,) = queue_that_heard(1).submit(command(1), 130.0, PLENTY_S)
    assert isinstance(slot, Slot)
    assert slot.starts_s == pytest.approx(130.0 + LEAD_S)
    last_s = 145.0 - 0.1 - AIRTIME_S - LEAD_S
    assert reasons(queue_that_heard(1).submit(command(1), last_s - 0.01, PLENTY_S)) == {}
    late = queue_that_heard(1).submit(command(1), last_s + 0.01, PLENTY_S)
    assert reasons(late) == {"c1": Refusal.TOO_LATE}


def test_those_who_want_the_same_time_follow_one_another() -> None:
    queue = queue_that_heard(20, apart_s=0.01)
    for number in range(1, 21):
        assert reasons(queue.submit(command(number), 110.0, PLENTY_S)) == {}
    sent = run_out(queue)
    starts = sorted(slot.starts_s for slot in sent if isinstance(slot, Slot))
    assert len(starts) == 20
    assert all(later - earlier >= AIRTIME_S + 0.0499 for earlier, later in pairwise(starts))


def test_the_higher_priority_takes_the_last_place() -> None:
    # In the last second of the windows there is room for two.
    queue = queue_that_heard(4)
    assert reasons(queue.submit(command(1, priority=3), 143.5, PLENTY_S)) == {}
    assert reasons(queue.submit(command(2, priority=2), 143.5, PLENTY_S)) == {}
    assert reasons(queue.submit(command(3, priority=1), 143.5, PLENTY_S)) == {
        "c3": Refusal.CONFLICT
    }
    assert reasons(queue.submit(command(4, priority=9), 143.5, PLENTY_S)) == {
        "c2": Refusal.CONFLICT
    }


def test_one_that_was_refused_may_come_again_and_one_that_was_sent_may_not() -> None:
    queue = queue_that_heard(1)
    assert reasons(queue.submit(command(1), 105.0, 0.0)) == {"c1": Refusal.DUTY_CYCLE}
    assert reasons(queue.submit(command(1, id="again"), 105.0, PLENTY_S)) == {}
    twin = queue.submit(command(1, id="twin"), 105.0, PLENTY_S)
    assert reasons(twin) == {"twin": Refusal.DUPLICATE}
    (slot,) = run_out(queue)
    assert isinstance(slot, Slot)
    late = queue.submit(command(1, id="late"), 123.0, PLENTY_S)
    assert reasons(late) == {"late": Refusal.DUPLICATE}


def test_a_number_that_comes_again_is_answered_again() -> None:
    queue = queue_that_heard(1)
    queue.submit(command(1), 105.0, PLENTY_S)
    run_out(queue)
    again = msgspec.structs.replace(
        FRAME, device_id="00000001", seq_number=7, rank=1, offset_s=300.0, frequency_hz=868.13e6
    )
    queue.heard(again)
    (slot,) = queue.submit(command(1, id="again"), 302.0, PLENTY_S)
    assert isinstance(slot, Slot)
    assert slot.starts_s > 320.0


def test_airtime_goes_to_the_higher_priority() -> None:
    queue = queue_that_heard(3)
    assert reasons(queue.submit(command(1, priority=1), 105.0, 2.5 * AIRTIME_S)) == {}
    assert reasons(queue.submit(command(2, priority=2), 105.0, 2.5 * AIRTIME_S)) == {}
    third = queue.submit(command(3, priority=3), 105.0, 2.5 * AIRTIME_S)
    assert reasons(third) == {"c1": Refusal.DUTY_CYCLE}
    queue.take_due(120.1, AIRTIME_S)
    deadline_s = queue.next_deadline_s()
    assert deadline_s is not None
    assert reasons(queue.take_due(deadline_s, 0.5 * AIRTIME_S)) == {"c2": Refusal.DUTY_CYCLE}
    assert reasons(run_out(queue, 0.5 * AIRTIME_S)) == {}


@pytest.mark.parametrize("state", ["muted", "deactivated", "disabled"])
def test_only_an_active_box_takes_and_keeps_downlinks(state: str) -> None:
    queue = queue_that_heard(2)
    queue.submit(command(1), 105.0, PLENTY_S)
    reason = Refusal.MUTED if state == "muted" else Refusal.DEACTIVATED
    assert reasons([*queue.set_state(state)]) == {"c1": reason}  # type: ignore[arg-type]
    assert reasons(queue.submit(command(2), 105.0, PLENTY_S)) == {"c2": reason}
    assert queue.next_deadline_s() is None
    assert queue.take_due(121.0, PLENTY_S) == []
    queue.set_state("active")
    assert reasons(queue.submit(command(2), 105.0, PLENTY_S)) == {}


def test_what_was_not_heard_or_lies_outside_the_band_is_refused() -> None:
    queue = queue_that_heard(1)
    unknown = queue.submit(command(9), 105.0, PLENTY_S)
    assert reasons(unknown) == {"c9": Refusal.UNKNOWN_UPLINK}
    beside = msgspec.structs.replace(
        FRAME, device_id="00000002", seq_number=7, offset_s=99.0, frequency_hz=868.130e6 + 96_100
    )
    queue.heard(beside)
    assert reasons(queue.submit(command(2), 105.0, PLENTY_S)) == {"c2": Refusal.ZONE}


def test_where_the_rules_want_the_channel_sensed_only_a_licence_helps() -> None:
    refused = queue_that_heard(1, "RC3").submit(command(1), 105.0, PLENTY_S)
    assert reasons(refused) == {"c1": Refusal.CARRIER_SENSE}
    allowed = queue_that_heard(1, "RC3", carrier_sense_waived=True)
    assert reasons(allowed.submit(command(1), 105.0, PLENTY_S)) == {}


def test_hopping_zones_pause_for_twenty_seconds() -> None:
    queue = queue_that_heard(3, "RC2")
    queue.submit(command(1), 105.0, PLENTY_S)
    queue.submit(command(2), 105.0, PLENTY_S)
    assert reasons(queue.submit(command(3), 105.0, PLENTY_S)) == {"c3": Refusal.CONFLICT}
    first, second = (one for one in run_out(queue) if isinstance(one, Slot))
    assert second.starts_s - first.starts_s - AIRTIME_S >= 20.0
    # The pause of the last transmission outlives the stream.
    again = queue_that_heard(1, "RC2")
    frames = dict(again._heard._frames)
    again.restart(last_ended_s=115.0)
    again._heard._frames.update(frames)
    (slot,) = again.submit(command(1), 105.0, PLENTY_S)
    assert isinstance(slot, Slot)
    assert slot.starts_s >= 135.0


def test_a_stall_shifts_what_still_fits_and_refuses_the_rest() -> None:
    queue = queue_that_heard(2, apart_s=-10.0)  # windows to 135 and 125 s
    queue.submit(command(1), 101.0, PLENTY_S)
    queue.submit(command(2), 101.0, PLENTY_S)
    results = queue.take_due(126.0, PLENTY_S)
    assert reasons(results) == {"c2": Refusal.TOO_LATE}
    results += run_out(queue)
    (slot,) = [one for one in results if isinstance(one, Slot)]
    assert slot.command.id == "c1"
    assert slot.starts_s >= 126.0


def test_repeats_fill_what_nobody_else_wants() -> None:
    queue = queue_that_heard(2, repeats=2)
    queue.submit(command(1), 105.0, PLENTY_S)
    queue.submit(command(2), 105.0, PLENTY_S)
    sent = [one for one in run_out(queue) if isinstance(one, Slot)]
    assert [(one.command.id, one.copy) for one in sent][:2] == [("c1", 1), ("c2", 1)]
    assert sorted((one.command.id, one.copy) for one in sent) == [
        (name, copy) for name in ("c1", "c2") for copy in (1, 2, 3)
    ]
    poor = queue_that_heard(1, repeats=2)
    poor.submit(command(1), 105.0, PLENTY_S)
    assert [type(one) for one in run_out(poor, 1.5 * AIRTIME_S)] == [Slot]


def test_what_could_not_be_sent_may_be_asked_for_again() -> None:
    queue = queue_that_heard(1)
    queue.submit(command(1), 105.0, PLENTY_S)
    (slot,) = queue.take_due(120.1, PLENTY_S)
    assert isinstance(slot, Slot)
    queue.failed(slot)
    (again,) = queue.submit(command(1, id="again"), 121.0, PLENTY_S)
    assert isinstance(again, Slot)


def test_another_stream_knows_nothing_of_what_waited_on_the_last() -> None:
    queue = queue_that_heard(1, repeats=1)
    queue.submit(command(1), 105.0, PLENTY_S)
    (slot,) = queue.take_due(120.1, PLENTY_S)
    assert isinstance(slot, Slot)
    queue.clear(Refusal.RADIO_LOST, "lost")
    queue.sent(slot, 121.0, PLENTY_S)  # the end of the transmission comes after that of the stream
    queue.restart(last_ended_s=-1.0)
    assert queue.next_deadline_s() is None


def test_the_queue_is_bounded() -> None:
    queue = queue_that_heard(LIMIT + 1)
    for number in range(1, LIMIT + 1):
        queue.submit(command(number), 105.0, PLENTY_S)
    full = queue.submit(command(LIMIT + 1), 105.0, PLENTY_S)
    assert reasons(full) == {f"c{LIMIT + 1}": Refusal.QUEUE_FULL}


def test_among_equals_the_one_with_less_time_goes_first_where_that_serves_both() -> None:
    patient, hasty = Window(0.0, 10.0, 30.0, 10.0), Window(0.0, 10.0, 10.1, 10.0)
    wants = [Want("patient", patient, 5, 1), Want("hasty", hasty, 5, 2)]
    starts = plan(wants, from_s=0.0, gap_s=0.05)
    assert starts == {"hasty": 10.0, "patient": pytest.approx(10.05 + AIRTIME_S)}


WINDOWS = st.builds(
    lambda opens_s, length_s, aim: Window(
        0.0, opens_s, opens_s + length_s, opens_s + aim * length_s
    ),
    st.floats(0, 30),
    st.floats(0, 30),
    st.floats(0, 1),
)


@given(
    st.lists(st.tuples(WINDOWS, st.integers(-1, 9)), max_size=12),
    st.floats(0, 40),
    st.sampled_from([0.05, 20.0]),
)
def test_plans_keep_windows_gaps_and_priorities(
    wishes: list[tuple[Window, int]], from_s: float, gap_s: float
) -> None:
    wants = [
        Want(str(number), window, priority, number)
        for number, (window, priority) in enumerate(wishes)
    ]
    starts = plan(wants, from_s=from_s, gap_s=gap_s)
    for want in wants:
        if want.key in starts:
            window = want.window
            assert max(window.earliest_s, from_s) <= starts[want.key] <= window.latest_s
    for earlier, later in pairwise(sorted(starts.values())):
        assert later - earlier >= AIRTIME_S + gap_s - 1e-5
    # Nobody of the highest priority is left out for the sake of others.
    if wants:
        highest = max(want.priority for want in wants)
        alone = plan([w for w in wants if w.priority == highest], from_s=from_s, gap_s=gap_s)
        kept = [w for w in wants if w.priority == highest and w.key in starts]
        assert len(kept) == len(alone)


STEPS = st.one_of(
    st.tuples(st.just("submit"), st.integers(1, 12), st.integers(0, 9)),
    st.tuples(st.just("wait"), st.floats(0, 8), st.just(0)),
    st.tuples(st.just("due"), st.sampled_from([PLENTY_S, 1.0, 0.1]), st.booleans()),
    st.tuples(st.just("state"), st.sampled_from(["active", "active", "muted"]), st.just(0)),
    st.tuples(st.just("lost"), st.just(0), st.just(0)),
)


@given(st.lists(STEPS, max_size=60), st.sampled_from(["RC1", "RC2"]), st.integers(0, 2))
def test_whatever_happens_each_command_ends_once_and_in_its_window(
    steps: list[tuple[str, Any, Any]], zone: str, repeats: int
) -> None:
    queue = queue_that_heard(12, zone, apart_s=1.0, repeats=repeats)
    now_s, asked, ended, last_ended_s = 101.0, 0, [], 0.0
    for what, one, other in steps:
        results: list[Slot | Refused] = []
        match what:
            case "submit":
                asked += 1
                results += queue.submit(command(one, other, id=f"n{asked}"), now_s, PLENTY_S)
                results = [result for result in results if isinstance(result, Refused)]
            case "wait":
                now_s += one
            case "state":
                results += queue.set_state(one)
            case "lost":
                results += queue.clear(Refusal.RADIO_LOST, "")
            case "due":
                results += queue.take_due(now_s, one)
        for slot in [result for result in results if isinstance(result, Slot)]:
            assert queue.state == "active"
            assert slot.window.earliest_s <= slot.starts_s <= slot.window.latest_s
            assert slot.starts_s >= last_ended_s + queue.rule.pause_s - 1e-6
            last_ended_s = slot.starts_s + AIRTIME_S
            if slot.copy > 1:
                results.remove(slot)
            if other:
                queue.failed(slot)
            else:
                results += queue.sent(slot, last_ended_s, PLENTY_S)
        ended += [one.id if isinstance(one, Refused) else one.command.id for one in results]
        assert len(ended) == len(set(ended))
    ended += [refused.id for refused in queue.clear(Refusal.RADIO_LOST, "")]
    assert len(ended) == len(set(ended)) == asked


@pytest.mark.parametrize("name", list(ZONES))
def test_every_zone_has_a_rule_that_holds_its_band_and_says_where_it_is_from(name: str) -> None:
    zone, rule = ZONES[name], RULES[name]
    assert rule.low_hz <= zone.downlink_center_hz - 96_000
    assert zone.downlink_center_hz + 96_000 <= rule.high_hz
    assert 0 < rule.airtime_s <= 360
    assert len(rule.source) > 20
