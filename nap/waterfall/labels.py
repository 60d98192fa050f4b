"""Find room for words beside boxes: no word covers another or a box. Loud bursts come first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from nap.waterfall.plot import Box

_CELL_PX: Final = 4
_APART_PX: Final = 3


class Room:
    """Which parts of the picture are taken.

    Args:
        inside: Where words may stand.
        boxes: Where they may not.
    """

    def __init__(self, inside: Box, boxes: Sequence[Box]) -> None:
        self._inside = inside
        left, top, right, bottom = inside
        shape = (bottom - top) // _CELL_PX + 1, (right - left) // _CELL_PX + 1
        self._taken = np.zeros(shape, np.bool_)
        for box in boxes:
            self._taken[self._cells(box)] = True

    def take(self, beside: Box, width_px: int, height_px: int) -> tuple[int, int] | None:
        """Left and top of a free place for words beside a box, now taken; None: there is none."""
        for left, top in _places(beside, width_px, height_px):
            place = left, top, left + width_px - 1, top + height_px - 1
            if self._holds(place) and not self._taken[self._cells(place)].any():
                self._taken[self._cells(place)] = True
                return left, top
        return None

    def _holds(self, place: Box) -> bool:
        left, top, right, bottom = self._inside
        return place[0] >= left and place[1] >= top and place[2] <= right and place[3] <= bottom

    def _cells(self, place: Box) -> tuple[slice, slice]:
        left, top = self._inside[:2]
        columns = slice((place[0] - left) // _CELL_PX, (place[2] - left) // _CELL_PX + 1)
        return slice((place[1] - top) // _CELL_PX, (place[3] - top) // _CELL_PX + 1), columns


def _places(beside: Box, width_px: int, height_px: int) -> Iterator[tuple[int, int]]:
    """To the right and to the left from top to bottom, then above and below."""
    left, top, right, bottom = beside
    to_right, to_left = right + _APART_PX, left - _APART_PX - width_px
    for at in range(top, max(top + 1, bottom - height_px + 2), height_px):
        yield to_right, at
        yield to_left, at
    for at in (top - height_px - _APART_PX, bottom + _APART_PX):
        yield left, at
        yield right - width_px, at
