"""A simulated radio worker: reads its settings, then says what its arguments tell it to.

Arguments, each done in turn: `open`, `stats N` (frames so far), `frame N`, `frames FIRST LAST`
(each a device and message of its own), `replica N RANK` (of message N), `line TEXT`, `answer` (wait
for a command and refuse it), `fail REASON`, `end`, `sleep S`, `die CODE`, `flood RATE` (frames
without end). Then it waits until its stdin closes.
"""

from __future__ import annotations

import itertools
import os
import sys
import time

import msgspec

from radio.commands import Command, Transmit
from radio.events import DownlinkRefused, StreamEnded, StreamFailed, StreamOpened
from radio.stats import RadioStats
from tests.simulators.frames import frame


def say(event: object) -> None:
    os.write(1, msgspec.json.encode(event) + b"\n")


def stats(frames: int) -> RadioStats:
    return RadioStats(
        frames=frames, frames_lost=0, samples=0, samples_lost=0, samples_blanked=0, candidates=0,
        bursts=0, rejected={}, load=0.1, noise_dbfs_per_hz=-120.0,
    )  # fmt: skip


def heard(number: int, rank: int = 1) -> object:
    return frame(number, device_id=f"{number:08x}", seq_number=number % 4096, rank=rank)


def flood(rate: float) -> None:
    # A new life has new messages: the combiner would take the same for late replicas.
    life = os.getpid()
    for number in itertools.count(1):
        device = f"{life:05x}{number // 2 % 4096:03x}"
        rank = 1 + (number + 1) % 2  # every message is heard twice
        say(frame(number, device_id=device, seq_number=number // 2 // 4096, rank=rank))
        if number % 50 == 0:
            say(stats(number))
            time.sleep(50 / rate)


def opened() -> None:
    say(StreamOpened(description="script", simulated=True, rate_hz=250e3, center_hz=868e6))


def frames(first: str, last: str) -> None:
    for number in range(int(first), int(last) + 1):
        say(heard(number))


def replica(message: str, rank: str, number: str) -> None:
    made = heard(int(message), int(rank))
    say(msgspec.structs.replace(made, number=int(number), offset_s=float(rank)))


def answer() -> None:
    """Wait for one command and refuse it."""
    command = msgspec.json.decode(sys.stdin.buffer.readline(), type=Command)
    assert isinstance(command, Transmit)
    say(DownlinkRefused(id=command.id, reason="script", detail=command.payload))


DOES = {
    "answer": (0, answer),
    "open": (0, opened),
    "stats": (1, lambda count: say(stats(int(count)))),
    "frame": (1, lambda number: say(heard(int(number)))),
    "frames": (2, frames),
    "replica": (3, replica),
    "line": (1, lambda text: os.write(1, text.encode() + b"\n")),
    "fail": (1, lambda reason: say(StreamFailed(reason=reason, again_in_s=1.0))),
    "end": (0, lambda: say(StreamEnded())),
    "sleep": (1, lambda seconds: time.sleep(float(seconds))),
    "die": (1, lambda code: sys.exit(int(code))),
    "flood": (1, lambda rate: flood(float(rate))),
}


def main() -> None:
    sys.stdin.buffer.readline()
    words = sys.argv[1:]
    while words:
        count, does = DOES[words.pop(0)]
        does(*words[:count])
        del words[:count]
    sys.stdin.buffer.read()


main()
