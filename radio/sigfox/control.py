"""Control messages: what a device reports about itself.

    T VV WW CC [R]
    T  type: 08 keep-alive, 09 downlink confirmation
    V  supply voltage idle, W while transmitting: mV, unsigned
    C  temperature: 0.1 °C, signed
    R  RSSI of the downlink + 100: dBm, signed; confirmation only

Numbers are least significant byte first. Other types exist; their formats are not public.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

KEEP_ALIVE: Final = 0x08
DOWNLINK_CONFIRMATION: Final = 0x09
_RSSI_OFFSET_DB: Final = 100
_KEEP_ALIVE_LAYOUT: Final = struct.Struct("<BHHh")
_CONFIRMATION_LAYOUT: Final = struct.Struct("<BHHhb")


@dataclass(frozen=True, slots=True)
class Control:
    """The fields of a control message.

    Attributes:
        type_byte: First byte of the payload.
        rssi_dbm: Level at which the device heard the downlink; None in a keep-alive.
    """

    type_byte: int
    voltage_idle_mv: int
    voltage_tx_mv: int
    temperature_tenth_c: int
    rssi_dbm: int | None = None


def parse_control(payload: bytes) -> Control | None:
    """The fields of `payload`, or None when its type or length is not a public one."""
    kind = (payload[0], len(payload)) if payload else None
    if kind == (KEEP_ALIVE, _KEEP_ALIVE_LAYOUT.size):
        return Control(*_KEEP_ALIVE_LAYOUT.unpack(payload))
    if kind == (DOWNLINK_CONFIRMATION, _CONFIRMATION_LAYOUT.size):
        kind_byte, idle_mv, tx_mv, tenth_c, level = _CONFIRMATION_LAYOUT.unpack(payload)
        return Control(kind_byte, idle_mv, tx_mv, tenth_c, level - _RSSI_OFFSET_DB)
    return None


def control_payload(control: Control) -> bytes:
    """The payload that carries `control`, the reverse of `parse_control`.

    Raises:
        struct.error: a value is out of the range of its field.
    """
    fields = (
        control.type_byte,
        control.voltage_idle_mv,
        control.voltage_tx_mv,
        control.temperature_tenth_c,
    )
    if control.rssi_dbm is None:
        return _KEEP_ALIVE_LAYOUT.pack(*fields)
    return _CONFIRMATION_LAYOUT.pack(*fields, control.rssi_dbm + _RSSI_OFFSET_DB)
