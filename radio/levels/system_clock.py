"""How right the system's clock is, as the kernel was told by what disciplines it (NTP, GNSS)."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any, Final

# Source: adjtimex(2).
_UNSYNCHRONISED: Final = 0x40
_ERROR_STATE: Final = 5


class _Timex(ctypes.Structure):
    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 512),
    )


@cache
def _adjtimex() -> Callable[[Any], int] | None:
    try:
        function: Callable[[Any], int] = ctypes.CDLL(None).adjtimex
    except (OSError, AttributeError):
        return None
    return function


def clock_error_s() -> float | None:
    """Estimated error of the system's clock; None while nothing disciplines it.

    Also None where the kernel does not tell (a sandbox without adjtimex).
    """
    state, adjtimex = _Timex(), _adjtimex()
    if adjtimex is None:
        return None
    result = adjtimex(ctypes.byref(state))
    if result < 0 or result == _ERROR_STATE or state.status & _UNSYNCHRONISED:
        return None
    return 1e-6 * max(int(state.esterror), 0)
