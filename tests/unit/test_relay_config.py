"""The `[[destination]]` tables: what is accepted, and what is refused in which words."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nap.relay.config import (
    AnyDestination,
    CloudDestination,
    HttpDestination,
    MqttDestination,
    check_destinations,
)


class Tables(msgspec.Struct):
    destination: list[AnyDestination]


def read(text: str) -> AnyDestination:
    [destination] = msgspec.toml.decode(
        "[[destination]]\n" + text, type=Tables, dec_hook=lambda kind, value: kind(value)
    ).destination
    return destination


CLOUD = """
kind = "cloud"
host = "cloud.example.org"
authority_path = "/etc/nap/ca.crt"
certificate_path = "/etc/nap/client.crt"
key_path = "/etc/nap/client.key"
"""


def test_each_kind_needs_little_and_has_sensible_defaults() -> None:
    cloud = read(CLOUD)
    assert isinstance(cloud, CloudDestination)
    assert (cloud.name, cloud.port, cloud.start, cloud.pace.in_flight) == (
        "cloud", 8883, "oldest", 100,
    )  # fmt: skip
    assert isinstance(read('kind = "mqtt"\nhost = "192.0.2.1"'), MqttDestination)
    assert isinstance(read('kind = "http"\nurl = "https://example.org/in"'), HttpDestination)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('kind = "smtp"', "smtp"),
        ('kind = "http"', "url"),
        (CLOUD + 'colour = "red"', "colour"),
        (CLOUD + "port = 0", "port"),
        (CLOUD + "[destination.pace]\nin_flight = 0", "in_flight"),
        (CLOUD + 'name = "Über"', "name"),
        ('kind = "cloud"\nhost = "a b"', "host"),
        ('kind = "http"\nurl = "ftp://example.org"', "url"),
        ('kind = "http"\nurl = "https://u:p@example.org/"', "url"),
        ('kind = "http"\nurl = "http://example.org/"\nbearer_path = "/t"', "https"),
        ('kind = "http"\nurl = "https://example.org/"\nkey_path = "/k"', "need each other"),
        ('kind = "mqtt"\nhost = "h"\ntopic = "a/{payload}"', "{payload}"),
        ('kind = "mqtt"\nhost = "h"\ntopic = "a/{nap_id"', "topic"),
        ('kind = "mqtt"\nhost = "h"\ntopic = "a/{nap_id.__class__}"', "nap_id.__class__"),
        ('kind = "mqtt"\nhost = "h"\ntopic = "a/{nap_id:>99999999}"', "topic"),
        ('kind = "mqtt"\nhost = "h"\ntopic = "a/#"', "wildcards"),
        ('kind = "mqtt"\nhost = "h"\npassword_path = "/p"', "needs user"),
        ('kind = "mqtt"\nhost = "h"\ntls = false\nauthority_path = "/ca"', "tls = true"),
    ],
)
def test_what_is_wrong_is_refused_in_words_that_name_it(text: str, complaint: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=complaint.replace("{", r"\{")):
        read(text)


def test_a_token_over_plain_http_is_accepted_on_this_machine_only() -> None:
    text = 'kind = "http"\nurl = "http://127.0.0.1:8000/in"\nbearer_path = "/run/token"'
    assert isinstance(read(text), HttpDestination)


def test_two_destinations_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="'cloud'"):
        check_destinations([read(CLOUD), read(CLOUD)])
    check_destinations([read(CLOUD), read(CLOUD + 'name = "second"')])


@given(st.text(max_size=60))
def test_any_topic_is_either_refused_or_can_be_filled_in(topic: str) -> None:
    try:
        destination = MqttDestination(host="h", topic=topic)
    except ValueError:
        return
    filled = destination.topic.format(nap_id="N1", event="uplink", device_id="0123abcd")
    assert not set("+#\0") & set(filled)
