"""What receiving and transmitting through SoapySDR have in common."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from radio.frontend.ports import FrontEndError

CHANNEL: Final = 0
# Drivers round to what the part can do; more than this is not what was asked for.
_RATE_TOLERANCE: Final = 0.001


def set_rate_and_antenna(
    device: Any,  # noqa: ANN401 - a foreign object
    direction: int,
    rate_hz: float,
    antenna: str | None,
) -> float:
    """Set up the channel of one direction; the rate that it really gives.

    Raises:
        RuntimeError: as drivers do; also where the rate is another one.
    """
    device.setSampleRate(direction, CHANNEL, rate_hz)
    if antenna is not None:
        device.setAntenna(direction, CHANNEL, antenna)
    given_hz = float(device.getSampleRate(direction, CHANNEL))
    if abs(given_hz - rate_hz) > _RATE_TOLERANCE * rate_hz:
        msg = f"gives {given_hz:g} S/s in place of {rate_hz:g}"
        raise RuntimeError(msg)
    return given_hz


@contextmanager
def translated(name: str, into: type[FrontEndError] = FrontEndError) -> Iterator[None]:
    """Turn what drivers raise into the error of the port."""
    try:
        yield
    except into:
        raise
    except (RuntimeError, FrontEndError) as error:
        msg = f"{name}: {error}"
        raise into(msg) from error
