"""The seven radio zones: where a macro channel lies, how fast, how loud, and who may speak when.

Source: the open device library and the public tables of the operator, which agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MACRO_CHANNEL_HZ: Final = 192_000
_STEP_HZ: Final = 6_000
FRAME_GAP_S: Final = 0.5
"""Between the frames of a message that asks for a downlink, and usual between all others."""


@dataclass(frozen=True, slots=True)
class DutyCycle:
    """A device sends for at most this part of each hour."""

    largest_share: float


@dataclass(frozen=True, slots=True)
class FrequencyHopping:
    """Each frame of a message goes to another micro channel.

    Attributes:
        micro_channel_hz: Width of a micro channel.
        micro_channels: How many the device uses, around the centre of the macro channel.
        edge_guard_hz: Kept free at both edges of a micro channel.
        longest_frame_s: Dwell time on one micro channel.
        pause_s: Silence after the last frame of a message.
    """

    micro_channel_hz: int = 25_000
    micro_channels: int = 6
    edge_guard_hz: int = 2_000
    longest_frame_s: float = 0.4
    pause_s: float = 20.0


@dataclass(frozen=True, slots=True)
class ListenBeforeTalk:
    """A device sends only when it found the macro channel free.

    Attributes:
        threshold_dbm: Below it the channel is free.
        bandwidth_hz: Where the device listens.
        shortest_s: How long it listens at least.
        all_frames_within_s: Frames that could not be sent by then are given up.
    """

    threshold_dbm: float
    bandwidth_hz: int = 200_000
    shortest_s: float = 0.005
    all_frames_within_s: float = 8.0


@dataclass(frozen=True, slots=True)
class LowDutyCycle:
    """No listening, but frames either apart or short together.

    Attributes:
        shortest_gap_s: Silence between frames that frees them of the limit below.
        longest_burst_s: All frames together when they follow closer.
    """

    shortest_gap_s: float = 0.05
    longest_burst_s: float = 4.0


AccessRule = DutyCycle | FrequencyHopping | ListenBeforeTalk | LowDutyCycle


@dataclass(frozen=True, slots=True)
class Zone:
    """One radio configuration.

    Attributes:
        name: RC1 to RC7.
        uplink_center_hz: Middle of the macro channel of devices.
        downlink_center_hz: Middle of that of base stations.
        bit_rates: Of uplinks, the usual one first. Downlinks are 600 bps everywhere.
        max_eirp_dbm: Of a device.
        access: Rules a device may follow; it chooses one.
        guard_hz: Kept free at both edges of the macro channel for the error of the oscillator.
        bidirectional_step_hz: Frame 2 is this far above frame 1 and frame 3 as far below, where a
            downlink is asked for.
        window_opens_s: A device listens from then on, counted from the end of its first frame …
        window_s: … for this long.
    """

    name: str
    uplink_center_hz: int
    downlink_center_hz: int
    bit_rates: tuple[int, ...]
    max_eirp_dbm: float
    access: tuple[AccessRule, ...]
    guard_hz: int
    bidirectional_step_hz: int = _STEP_HZ
    window_opens_s: float = 20.0
    window_s: float = 25.0

    @property
    def band_hz(self) -> tuple[float, float]:
        """Lowest and highest carrier of an uplink."""
        half = MACRO_CHANNEL_HZ / 2
        return self.uplink_center_hz - half, self.uplink_center_hz + half

    @property
    def sensing_s(self) -> float:
        """Most that a device may spend on listening between the frames of one message."""
        waits = [
            rule.all_frames_within_s for rule in self.access if isinstance(rule, ListenBeforeTalk)
        ]
        return max(waits, default=0.0)

    def downlink_hz(self, first_frame_hz: float) -> float:
        """Where the device listens that sent its first frame, as measured, at `first_frame_hz`."""
        return first_frame_hz + self.downlink_center_hz - self.uplink_center_hz

    def first_frame_hz(self, frame_hz: float, rank: int) -> float:
        """Carrier of the first frame of a message that asks for a downlink, from any frame."""
        return frame_hz - (0, 1, -1)[rank - 1] * self.bidirectional_step_hz


_BOTH: Final = (100, 600)
_FAST: Final = (600,)
_DUTY: Final = (DutyCycle(0.01),)
_HOPPING: Final = (FrequencyHopping(),)
_HOPPING_STEP_HZ: Final = 25_000
_LATE_WINDOW: Final = (19.0, 33.5)

ZONES: Final[dict[str, Zone]] = {
    zone.name: zone
    for zone in (
        Zone("RC1", 868_130_000, 869_525_000, _BOTH, 16, _DUTY, 18_780),
        Zone("RC2", 902_200_000, 905_200_000, _FAST, 24, _HOPPING, 21_000, _HOPPING_STEP_HZ),
        Zone(
            "RC3",
            923_200_000,
            922_200_000,
            _BOTH,
            16,
            (ListenBeforeTalk(-80), LowDutyCycle()),
            19_970,
            _STEP_HZ,
            *_LATE_WINDOW,
        ),
        Zone("RC4", 920_800_000, 922_300_000, _FAST, 24, _HOPPING, 21_000, _HOPPING_STEP_HZ),
        Zone(
            "RC5",
            923_300_000,
            922_300_000,
            _BOTH,
            14,
            (ListenBeforeTalk(-65),),
            19_970,
            _STEP_HZ,
            *_LATE_WINDOW,
        ),
        Zone("RC6", 865_200_000, 866_300_000, _BOTH, 16, _DUTY, 18_720),
        Zone("RC7", 868_800_000, 869_100_000, _BOTH, 16, _DUTY, 18_790),
    )
}
