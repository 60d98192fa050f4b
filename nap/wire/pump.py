"""Drives one paho client by the event loop, through paho's socket callbacks."""

from __future__ import annotations

import asyncio
from typing import Final

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from nap.wire.channel import Channel

# One connection may hold the loop this long before the others get their turn.
TURN_S: Final = 0.005

_QOS_BITS: Final = 0x06
_QOS_2: Final = 0x04


class ChannelClient(Client):
    """A paho client that speaks over a channel which is already open.

    paho would open its socket itself, blocking for name, connection and TLS. `_create_socket` is
    the one place where it can be handed a ready one; the lock keeps the paho that has it.
    """

    def __init__(
        self, client_id: str, protocol: MQTTProtocolVersion, channel: Channel, *, clean: bool
    ) -> None:
        version_5 = protocol is MQTTProtocolVersion.MQTTv5
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id,
            clean_session=None if version_5 else clean,
            protocol=protocol,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        # 0: paho neither counts nor holds back. It would search its whole list at each PUBACK,
        # and queue what it holds back; the spool owns the window.
        self.max_inflight_messages_set(0)
        self._channel = channel

    def _create_socket(self) -> Channel:
        return self._channel

    def _handle_publish(self) -> MQTTErrorCode:
        # We subscribe at QoS 1, so nothing of QoS 2 may come; paho would keep it without limit.
        if self._in_packet["command"] & _QOS_BITS == _QOS_2:
            return MQTTErrorCode.MQTT_ERR_PROTOCOL
        return super()._handle_publish()


class Pump:
    """Moves bytes between a client and its channel whenever the socket or the clock allows it."""

    def __init__(self, client: Client, channel: Channel) -> None:
        self._loop = asyncio.get_running_loop()
        self._client = client
        self._channel = channel
        self._running = False
        self._writing = False
        self._write_due = False
        self._timer: asyncio.TimerHandle | None = None
        client.on_socket_open = self._open
        client.on_socket_close = self._closing
        client.on_socket_register_write = self._write_soon

    def _open(self, _client: Client, _userdata: object, _sock: object) -> None:
        self._running = True
        self._loop.add_reader(self._channel.fileno(), self._read)
        self._timer = self._loop.call_later(1.0, self._tick)

    def stop(self) -> None:
        """Leave the socket alone from now on."""
        if not self._running:
            return
        self._running = False
        self._loop.remove_reader(self._channel.fileno())
        self._loop.remove_writer(self._channel.fileno())
        if self._timer is not None:
            self._timer.cancel()

    def _closing(self, _client: Client, _userdata: object, _sock: object) -> None:
        self.stop()

    def _read(self) -> None:
        until = self._loop.time() + TURN_S
        self._channel.starved = False
        while self._running and not self._channel.starved:
            self._client.loop_read()
            if self._loop.time() > until:
                # What TLS or the channel hold already makes no socket readable: come back.
                self._loop.call_soon(self._read)
                return

    def _write_soon(self, _client: Client, _userdata: object, _sock: object) -> None:
        if not self._writing and not self._write_due:
            self._write_due = True
            self._loop.call_soon(self._write)

    def _write(self) -> None:
        self._write_due = False
        if not self._running:
            return
        self._client.loop_write()
        if not self._running:
            return
        drained = self._channel.flush()
        if not self._channel.writable:
            self._read()
        elif not drained or self._client.want_write():
            self._writing = True
            self._loop.add_writer(self._channel.fileno(), self._write)
        elif self._writing:
            self._writing = False
            self._loop.remove_writer(self._channel.fileno())

    def _tick(self) -> None:
        self._client.loop_misc()
        if self._running:
            # A quarter of the keep-alive, so that a short one is kept as well.
            again_s = min(1.0, max(self._client.keepalive, 1) / 4)
            self._timer = self._loop.call_later(again_s, self._tick)
