"""What a picture shows, in words and for programs."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from nap.waterfall.bursts import Burst
from nap.waterfall.picture import Painted
from nap.waterfall.plot import Box


class BoxedBurst(Burst, frozen=True, kw_only=True):
    """A burst with its place in the picture; None where it lies outside."""

    box: Box | None


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A picture and what it shows.

    Attributes:
        plot: The spectrogram's pixels in the picture: left, top, right, bottom.
        bursts: Earliest first.
        not_kept: Bursts beyond those that a picture can hold.
    """

    picture: str
    begins_s: float
    ends_s: float
    low_hz: float
    high_hz: float
    plot: Box
    bursts: list[BoxedBurst]
    not_kept: int


def show(picture: str, bursts: Sequence[Burst], not_kept: int, painted: Painted) -> Shown:
    """All of it; the bursts in the order in which they were painted."""
    plot = painted.plot
    return Shown(
        picture=picture,
        begins_s=plot.begins_s,
        ends_s=plot.ends_s,
        low_hz=plot.low_hz,
        high_hz=plot.high_hz,
        plot=plot.inside,
        bursts=[
            BoxedBurst(**msgspec.structs.asdict(burst), box=box)
            for burst, box in zip(bursts, painted.boxes, strict=True)
        ],
        not_kept=not_kept,
    )


def summary(shown: Shown, painted: Painted) -> str:
    """One line."""
    frames = sum(burst.device_id is not None for burst in shown.bursts)
    boxed = sum(burst.box is not None for burst in shown.bursts)
    words = [
        f"{frames} frames",
        f"{len(shown.bursts) - frames} bursts that did not decode",
        f"{painted.labelled} of {boxed} boxes have room for a label",
    ]
    if shown.not_kept:
        words.append(f"{shown.not_kept} bursts more than a picture can hold")
    return f"{shown.picture}: {', '.join(words)}"
