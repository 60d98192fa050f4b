"""The worker's outbox: bounded, oldest out first, all counted."""

from __future__ import annotations

import threading

from radio.events import DownlinkRefused, FrameHeard, RadioEvent, StreamEnded, StreamFailed
from radio.outbox import Outbox
from radio.reopen import FIRST_DELAY_S, LONGEST_DELAY_S, SETTLED_S, ReopenDelay
from radio.stats import RadioStats


def frame(number: int) -> FrameHeard:
    return FrameHeard(
        number=number,
        device_id="00000001",
        seq_number=number,
        payload="",
        message_type="empty",
        rank=1,
        bidirectional=False,
        repeated=False,
        packet="",
        bit_rate=100,
        offset_s=0.0,
        received_utc=None,
        frequency_hz=0.0,
        drift_hz_per_s=0.0,
        snr_db=0.0,
        rssi_dbm=None,
        frame_type_errors=0,
        combined=False,
    )


def stats(frames: int) -> RadioStats:
    return RadioStats(
        frames=frames,
        frames_lost=0,
        samples=0,
        samples_lost=0,
        samples_blanked=0,
        candidates=0,
        bursts=0,
        rejected={},
        load=0.0,
        noise_dbfs_per_hz=None,
    )


def taken(outbox: Outbox) -> list[RadioEvent]:
    outbox.close()
    return list(iter(outbox.take, None))


def test_events_come_out_in_order() -> None:
    outbox = Outbox(10)
    events = [frame(1), StreamFailed(reason="x", again_in_s=1.0), frame(2), StreamEnded()]
    for event in events:
        outbox.put(event)
    assert taken(outbox) == events


def test_a_full_box_drops_the_oldest_and_counts_frames() -> None:
    outbox = Outbox(3)
    outbox.put(StreamFailed(reason="x", again_in_s=1.0))
    for number in range(1, 6):
        outbox.put(frame(number))
    assert outbox.frames_lost == 2
    assert taken(outbox) == [frame(3), frame(4), frame(5)]


def test_what_became_of_downlinks_outlives_frames() -> None:
    outbox = Outbox(3)
    refusals = [DownlinkRefused(id=str(number), reason="muted", detail="") for number in range(4)]
    outbox.put(refusals[0])
    for number in range(1, 6):
        outbox.put(frame(number))
    assert outbox.frames_lost == 3
    outbox.put(refusals[1])
    outbox.put(refusals[2])
    outbox.put(refusals[3])
    assert outbox.frames_lost == 5
    assert taken(outbox) == refusals[1:]


def test_only_the_newest_statistics_wait() -> None:
    outbox = Outbox(2)
    outbox.put(frame(1))
    for frames in range(5):
        outbox.put(stats(frames))
    outbox.put(frame(2))
    assert taken(outbox) == [frame(1), stats(4), frame(2)]
    assert outbox.frames_lost == 0


def test_statistics_never_follow_what_was_put_after_them() -> None:
    outbox = Outbox(1)
    for number in range(3):
        outbox.put(stats(number))
        outbox.put(frame(number))
    outbox.put(StreamEnded())
    assert taken(outbox) == [StreamEnded()]
    assert outbox.frames_lost == 3


def test_who_waits_loses_nothing() -> None:
    outbox = Outbox(2)

    def put_all() -> None:
        for number in range(1, 101):
            outbox.put(frame(number), wait=True)
        outbox.close()

    writer = threading.Thread(target=put_all)
    writer.start()
    events = list(iter(outbox.take, None))
    writer.join()
    assert events == [frame(number) for number in range(1, 101)]
    assert outbox.frames_lost == 0


def test_closing_frees_who_waits() -> None:
    outbox = Outbox(1)
    outbox.put(frame(1))
    writer = threading.Thread(target=lambda: outbox.put(frame(2), wait=True))
    writer.start()
    outbox.close()
    writer.join(timeout=10)
    assert not writer.is_alive()


class Ones:
    """The longest draws that chance can make."""

    def uniform(self, _low: float, high: float) -> float:
        return high


def test_delays_grow_to_a_limit_and_start_anew_after_a_settled_stream() -> None:
    delay = ReopenDelay(Ones())  # type: ignore[arg-type]
    delays = [delay.after(0.0) for _ in range(10)]
    assert delays[:3] == [FIRST_DELAY_S, 2 * FIRST_DELAY_S, 4 * FIRST_DELAY_S]
    assert delays[-1] == LONGEST_DELAY_S
    assert delay.after(SETTLED_S) == FIRST_DELAY_S
