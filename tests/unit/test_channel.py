"""The bytes between paho and its socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nap.wire.channel import READ_BYTES, UNSENT_BYTES, Channel, OversizeError


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.settimeout(0)
    with ours, theirs:
        yield ours, theirs


Ends = tuple[socket.socket, socket.socket]


@given(st.binary(min_size=1, max_size=3000), st.lists(st.integers(1, 700), min_size=1))
def test_any_sizes_of_reads_give_the_same_bytes(content: bytes, sizes: list[int]) -> None:
    ours, theirs = socket.socketpair()
    ours.settimeout(0)
    with ours, theirs:
        theirs.sendall(content)
        channel, got, at = Channel(ours, 1000), b"", 0
        while len(got) < len(content):
            got += channel.recv(sizes[at % len(sizes)])
            at += 1
        assert got == content
        with pytest.raises(BlockingIOError):
            channel.recv(1)
        assert channel.starved


def test_the_end_of_the_stream_is_an_empty_read(ends: Ends) -> None:
    ours, theirs = ends
    theirs.close()
    assert Channel(ours, 1000).recv(1) == b""


def test_a_packet_beyond_the_limit_is_not_even_begun(ends: Ends) -> None:
    channel = Channel(ends[0], 1000)
    with pytest.raises(OversizeError, match="1001"):
        channel.recv(1001)
    assert isinstance(channel.fault, OversizeError)


def test_small_writes_leave_together_and_only_when_told(ends: Ends) -> None:
    ours, theirs = ends
    channel = Channel(ours, 1000)
    assert [channel.send(b"ab"), channel.send(b"c")] == [2, 1]
    theirs.settimeout(0)
    with pytest.raises(BlockingIOError):
        theirs.recv(10)
    assert channel.flush()
    assert theirs.recv(10) == b"abc"


def test_what_waits_to_be_written_is_bounded_and_comes_through_whole(ends: Ends) -> None:
    ours, theirs = ends
    channel = Channel(ours, 1000)
    sent = fill(channel)
    assert not channel.flush()
    assert sent < UNSENT_BYTES * 20
    got = 0
    while got < sent:
        got += len(theirs.recv(READ_BYTES))
        channel.flush()
    assert got == sent


def fill(channel: Channel) -> int:
    """Send until no more is taken; return how many bytes that were."""
    sent = 0
    while True:
        try:
            sent += channel.send(b"x" * 1000)
        except BlockingIOError:
            return sent
        channel.flush()


def test_after_a_failed_write_the_last_words_of_the_peer_are_read_first(ends: Ends) -> None:
    ours, theirs = ends
    theirs.sendall(b"bye")
    channel = Channel(ours, 1000)
    ours.shutdown(socket.SHUT_WR)
    channel.send(b"hello")
    channel.flush()
    assert not channel.writable
    assert channel.recv(3) == b"bye"
    with pytest.raises(BrokenPipeError):
        channel.recv(1)
    assert isinstance(channel.fault, BrokenPipeError)
