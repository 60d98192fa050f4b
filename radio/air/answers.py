"""The devices of an air that listen: which downlinks they heard, and what they say to them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from radio.air.device import Device, Transmission, message
from radio.air.downlinks import OnAir
from radio.air.listening import Listening, confirmation
from radio.sigfox.zones import Zone

_LONGEST_MESSAGE_S: Final = 20.0


class Answers:
    """Takes what is transmitted to devices and gives what they transmit in return.

    Attributes:
        confirmed: For each device (by its place) the numbers of the messages whose downlink it
            has confirmed; each confirmation uses one sequence number.
    """

    def __init__(self, devices: Sequence[Device], zone: Zone, seed: int) -> None:
        self._devices, self._zone, self._seed = devices, zone, seed
        # Filled by another thread than the one that renders; appending is atomic.
        self._inbox: deque[OnAir] = deque()
        self._recent: list[OnAir] = []
        self._sent: list[Transmission] = []
        self.confirmed: dict[int, list[int]] = {}

    def put(self, on_air: OnAir) -> None:
        """A base station transmits; may be called from any thread, also ahead of time."""
        self._inbox.append(on_air)

    def settle(self, now_s: float) -> set[int]:
        """The air is at `now_s`; return the devices (by place) that confirm something new."""
        ended: list[OnAir] = []
        while self._inbox:
            self._recent.append(self._inbox.popleft())
        for one in [one for one in self._recent if one.ends_s <= now_s]:
            self._recent.remove(one)
            ended.append(one)
        return {place for one in ended for place in self._hear(one)}

    def on_air(self, begin_s: float) -> list[Transmission]:
        """Confirmations that may be on the air at `begin_s` or later."""
        self._sent = [one for one in self._sent if one.burst.ends_s > begin_s]
        return list(self._sent)

    def seq_numbers_used(self, place: int, number: int) -> int:
        """By confirmations of the device at `place` before its message `number`."""
        return sum(before < number for before in self.confirmed.get(place, ()))

    def _hear(self, on_air: OnAir) -> Iterator[int]:
        for place, device in enumerate(self._devices):
            if not device.listens:
                continue
            for number in self._asked(device, on_air):
                if number not in self.confirmed.get(place, ()) and self._take(
                    place, number, on_air
                ):
                    yield place

    def _asked(self, device: Device, on_air: OnAir) -> range:
        """Messages whose window may be open then."""
        zone = self._zone
        longest_s = zone.window_opens_s + zone.window_s + _LONGEST_MESSAGE_S
        return device.message_numbers(
            on_air.starts_s - longest_s, on_air.ends_s - zone.window_opens_s
        )

    def _take(self, place: int, number: int, on_air: OnAir) -> bool:
        device = self._devices[place]
        when_ms = max(round(1e3 * on_air.starts_s), 0)
        rng = np.random.default_rng((self._seed, device.device_id, number, when_ms))
        first, *_ = message(
            device, self._zone, self._seed, number, self.seq_numbers_used(place, number)
        )
        heard = Listening.after(device, self._zone, first).hears([on_air], rng)
        if heard is None:
            return False
        self.confirmed.setdefault(place, []).append(number)
        self._sent.append(confirmation(device, self._zone, heard, rng))
        return True
