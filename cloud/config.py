"""Everything in nap-cloud's configuration file. Secrets are paths, never values."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from cloud.errors import ConfigError

Port = Annotated[int, Meta(ge=1, le=65535)]


class MqttSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The broker, always over TLS with a client certificate."""

    host: Annotated[str, Meta(description="name or address of the broker")] = "localhost"
    port: Annotated[Port, Meta(description="its listener for programs of the cloud")] = 8884
    client_id: Annotated[
        str,
        Meta(min_length=1, max_length=64, description="each worker needs one of its own"),
    ] = "nap-cloud"
    authority: Annotated[Path, Meta(description="certificate that the broker's is signed by")]
    certificate: Annotated[Path, Meta(description="our client certificate")]
    key: Annotated[Path, Meta(description="private key of it")]
    receive_maximum: Annotated[
        int,
        Meta(ge=1, le=10_000, description="messages in work at once: bounds memory, slows bursts"),
    ] = 2000


class StoreSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The database."""

    url: Annotated[
        str, Meta(description="sqlite:////absolute/path.db or postgresql://user@host/name")
    ] = "sqlite:////var/lib/nap-cloud/cloud.db"
    keep_messages_days: Annotated[
        int, Meta(ge=0, le=36_500, description="older messages are deleted; 0 keeps all")
    ] = 0
    same_message_within_s: Annotated[
        float,
        Meta(gt=0, le=3600, description="receptions further apart are never the same message"),
    ] = 60.0
    batch_rows: Annotated[
        int, Meta(ge=1, le=5000, description="the most messages in one transaction")
    ] = 1000
    linger_ms: Annotated[
        float, Meta(ge=0, le=1000, description="how long a transaction waits for more messages")
    ] = 5.0


class WebSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Pages and API. There is no log-in yet: keep it on loopback or behind a proxy that has."""

    host: Annotated[str, Meta(description="address to listen on")] = "127.0.0.1"
    port: Annotated[Port, Meta(description="port to listen on")] = 8080
    hosts: Annotated[
        list[str],
        Meta(description="names under which browsers may ask, besides localhost and `host`"),
    ] = []

    @property
    def names(self) -> frozenset[str]:
        """All names under which browsers may ask, as they stand in a Host header."""
        own = f"[{self.host}]" if ":" in self.host else self.host
        return frozenset(name.lower() for name in ("localhost", "127.0.0.1", own, *self.hosts))


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="what is logged")
    ] = "info"
    mqtt: MqttSection
    store: StoreSection = StoreSection()
    web: WebSection = WebSection()


def load(path: Path) -> Config:
    """Read the file; relative paths in it start at its folder.

    Raises:
        ConfigError: it cannot be read or used; the message names the file and the key.
    """
    try:
        config = msgspec.toml.decode(path.read_bytes(), type=Config, dec_hook=_decode)
    except OSError as error:
        msg = f"{path}: {error.strerror}"
        raise ConfigError(msg) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        msg = f"{path}: {error}"
        raise ConfigError(msg) from error
    return _anchored(config, path.absolute().parent)


def _decode(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value)
    msg = f"Expected `str`, got `{type(value).__name__}`"
    raise ValueError(msg)


def _anchored(config: Config, folder: Path) -> Config:
    mqtt = config.mqtt
    files = {name: folder / getattr(mqtt, name) for name in ("authority", "certificate", "key")}
    return msgspec.structs.replace(config, mqtt=msgspec.structs.replace(mqtt, **files))
