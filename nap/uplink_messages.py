"""From what the radio heard to what the cloud is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import msgspec

from nap.spool.ports import BodyBuilder
from nap.wire.messages import BitRate, Frame, MessageType, Rank, Repetitions, Uplink
from radio.events import FrameHeard


def uplink_body(heard: FrameHeard, *, simulated: bool, late: bool = False) -> BodyBuilder:
    """`event/uplink` of a message at its first frame."""

    def build(epoch: str, number: int) -> bytes:
        return msgspec.json.encode(
            Uplink(
                epoch=epoch,
                number=number,
                device_id=heard.device_id,
                seq_number=heard.seq_number,
                payload=heard.payload,
                message_type=cast("MessageType", heard.message_type),
                bidirectional=heard.bidirectional,
                repeated=heard.repeated,
                bit_rate=cast("BitRate", heard.bit_rate),
                packet=heard.packet,
                combined=heard.combined,
                frame=_frame(heard),
                simulated=simulated,
                zone=heard.zone,
                late=late,
            )
        )

    return build


def repetitions_body(frames: Sequence[FrameHeard], uplink_number: int) -> BodyBuilder:
    """`event/repetitions` of a message that no more frames will join."""

    def build(epoch: str, number: int) -> bytes:
        return msgspec.json.encode(
            Repetitions(
                epoch=epoch,
                number=number,
                uplink_number=uplink_number,
                device_id=frames[0].device_id,
                seq_number=frames[0].seq_number,
                frames=[_frame(heard) for heard in frames],
            )
        )

    return build


def _frame(heard: FrameHeard) -> Frame:
    return Frame(
        rank=cast("Rank", heard.rank),
        frequency_hz=heard.frequency_hz,
        snr_db=heard.snr_db,
        drift_hz_per_s=heard.drift_hz_per_s,
        rssi_dbm=heard.rssi_dbm,
        received_utc=heard.received_utc,
    )
