"""Paint a spectrogram with its bursts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from nap.waterfall.bursts import Burst
from nap.waterfall.labels import Room
from nap.waterfall.plot import LEFT_PX, TOP_PX, Box, Plot

LEAST_HEIGHT_PX: Final = 480
LEAST_WIDTH_PX: Final = 900
QUIETEST_DB: Final = -2.0
LOUDEST_DB: Final = 26.0
FRAME_COLOUR: Final = (120, 255, 140)
UNDECODED_COLOUR: Final = (255, 140, 90)
_TEXT_COLOUR: Final = (225, 230, 235)
_PAPER_COLOUR: Final = (18, 20, 26)
_TICK_COLOUR: Final = (110, 118, 128)
_NO_SAMPLES_COLOUR: Final = (60, 60, 60)
_LABEL_PX: Final = 11
_AXIS_PX: Final = 13
_TITLE_PX: Final = 16
# From the noise floor to the loudest: night, blue, teal, sand, white.
_COLOURS: Final = ((8, 10, 28), (20, 50, 110), (20, 130, 140), (230, 200, 110), (255, 255, 250))
_MHZ_DIGITS: Final = 3

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, slots=True)
class Painted:
    """A finished picture.

    Attributes:
        boxes: Of each burst, None where it lies outside.
        labelled: How many have their label: the others had no room.
    """

    image: Image.Image
    plot: Plot
    boxes: list[Box | None]
    labelled: int


def paint(
    rows_db: NDArray[np.float32],
    bursts: Sequence[Burst],
    *,
    band_hz: tuple[float, float],
    span_s: tuple[float, float],
    title: str,
) -> Painted:
    """Paint rows of power (shape (rows, columns), dB over the floor, NaN: no samples)."""
    across = max(1, -(-LEAST_WIDTH_PX // rows_db.shape[1]))
    down = max(1, -(-LEAST_HEIGHT_PX // rows_db.shape[0]))
    pixels = _colours(rows_db).repeat(down, axis=0).repeat(across, axis=1)
    plot = Plot(pixels.shape[1], pixels.shape[0], *band_hz, *span_s)
    image = Image.new("RGB", plot.size_px, _PAPER_COLOUR)
    image.paste(Image.fromarray(pixels), (LEFT_PX, TOP_PX))
    draw = ImageDraw.Draw(image)
    _axes(image, draw, plot, title)
    boxes = [plot.box(burst) for burst in bursts]
    labelled = _mark(draw, plot, bursts, boxes)
    return Painted(image, plot, boxes, labelled)


def _scale() -> NDArray[np.uint8]:
    """A colour for each whole decibel, and last that of no samples; shape (n, 3)."""
    levels = np.arange(QUIETEST_DB, LOUDEST_DB + 1)
    anchors = np.linspace(QUIETEST_DB, LOUDEST_DB, len(_COLOURS))
    parts = [np.interp(levels, anchors, part) for part in np.array(_COLOURS).T]
    return np.vstack((np.stack(parts, axis=-1), _NO_SAMPLES_COLOUR)).astype(np.uint8)


_SCALE: Final = _scale()


def _colours(rows_db: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Shape (rows, columns, 3).

    Whole decibels: the eye sees no more, and the file is half as large.
    """
    missing = len(_SCALE) - 1
    steps = np.clip(
        np.nan_to_num(rows_db, nan=QUIETEST_DB) - np.float32(QUIETEST_DB), 0, missing - 1
    )
    numbers = np.rint(steps).astype(np.uint8)
    numbers[np.isnan(rows_db)] = missing
    colours: NDArray[np.uint8] = _SCALE[numbers]
    return colours


def _axes(image: Image.Image, draw: ImageDraw.ImageDraw, plot: Plot, title: str) -> None:
    left, top, right, bottom = plot.inside
    font = ImageFont.load_default(_AXIS_PX)
    draw.text((LEFT_PX, 10), title, _TEXT_COLOUR, ImageFont.load_default(_TITLE_PX))
    for x, frequency_hz in plot.frequency_ticks():
        draw.line((x, top - 5, x, top - 1), _TICK_COLOUR)
        draw.text((x, top - 7), _frequency(frequency_hz, plot), _TEXT_COLOUR, font, anchor="mb")
    for y, at_s in plot.time_ticks():
        draw.line((left - 5, y, left - 1, y), _TICK_COLOUR)
        draw.text((left - 8, y), f"{at_s:g} s", _TEXT_COLOUR, font, anchor="rm")
    draw.rectangle((left - 1, top - 1, right + 1, bottom + 1), outline=_TICK_COLOUR)
    _legend(image, draw, plot, font)


def _frequency(frequency_hz: float, plot: Plot) -> str:
    # A recording that does not say its frequency is counted from its centre.
    if plot.low_hz < 0:
        return f"{frequency_hz / 1e3:+g} kHz"
    return f"{frequency_hz / 1e6:.{_MHZ_DIGITS}f} MHz"


def _legend(image: Image.Image, draw: ImageDraw.ImageDraw, plot: Plot, font: Font) -> None:
    left, _, _, bottom = plot.inside
    y, x = bottom + 18, left
    for words, colour in (
        ("decoded: device, sequence number, rank, SNR", FRAME_COLOUR),
        ("not decoded: why", UNDECODED_COLOUR),
    ):
        draw.rectangle((x, y - 5, x + 9, y + 5), outline=colour)
        draw.text((x + 15, y), words, _TEXT_COLOUR, font, anchor="lm")
        x += 40 + round(draw.textlength(words, font))
    words = f"{QUIETEST_DB:g} to {LOUDEST_DB:g} dB over the noise"
    bar = Image.fromarray(_SCALE[None, :-1]).resize((100, 11))
    image.paste(bar, (x, y - 5))
    draw.text((x + 106, y), words, _TEXT_COLOUR, font, anchor="lm")


def _mark(
    draw: ImageDraw.ImageDraw,
    plot: Plot,
    bursts: Sequence[Burst],
    boxes: Sequence[Box | None],
) -> int:
    """Draw the boxes and as many labels as there is room for, the loudest first."""
    font = ImageFont.load_default(_LABEL_PX)
    shown = [(burst, box) for burst, box in zip(bursts, boxes, strict=True) if box is not None]
    room = Room(plot.inside, [box for _, box in shown])
    shown.sort(key=lambda one: (one[0].device_id is not None, one[0].snr_db), reverse=True)
    labelled = 0
    for burst, box in shown:
        colour = UNDECODED_COLOUR if burst.device_id is None else FRAME_COLOUR
        draw.rectangle(box, outline=colour)
        width = round(draw.textlength(burst.label, font)) + 4
        if (place := room.take(box, width, _LABEL_PX + 3)) is not None:
            x, y = place
            draw.rectangle((x, y, x + width - 1, y + _LABEL_PX + 2), fill=_PAPER_COLOUR)
            draw.text((x + 2, y + (_LABEL_PX + 3) / 2), burst.label, colour, font, anchor="lm")
            labelled += 1
    return labelled
