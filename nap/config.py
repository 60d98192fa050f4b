"""Everything that can be set, in one TOML file; secrets are paths, never values.

The docstrings here, and those of the sections that other parts own, are also the comments that
`nap config show` prints.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from nap.config_errors import ConfigError, explained
from nap.relay.config import AnyDestination, check_destinations
from nap.whitelist.rules import Mode
from nap.wire.topics import NAP_ID
from radio.settings import WorkerSettings

DEFAULT_PATH: Final = Path("/etc/nap/nap.toml")
_FILE_LIMIT: Final = 1_000_000
"""Bytes; ten thousand times what a box needs, and no danger to its memory."""


class StationSection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which box this is.

    Attributes:
        nap_id: Identity towards the cloud; the same as in the certificate.
        model: NAP3: Ethernet and Wi-Fi. NAP5: LTE. NAP7: all of them and GNSS.
    """

    nap_id: Annotated[str, Meta(pattern=rf"^{NAP_ID.pattern}$(?!\n)")]
    model: Literal["NAP3", "NAP5", "NAP7"] = "NAP3"


class WhitelistSection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which devices are served. The list itself is changed with `nap whitelist`.

    Attributes:
        first_mode: Mode until one is set for the first time. off: all are served; enforce: only
            those listed; observe: all, and those that enforce would drop are counted.
    """

    first_mode: Mode = Mode.OFF


class SpoolSection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Messages that not every destination has taken yet.

    Attributes:
        max_bytes: Room on disk; the oldest go first. 64 MB hold about 100 000 messages.
        max_age_days: Older ones go although there is room; absent: they stay.
        memory_bytes: Room in memory while the disk refuses writes.
    """

    max_bytes: Annotated[int, Meta(ge=1_000_000, le=100_000_000_000)] = 64_000_000
    max_age_days: Annotated[float, Meta(gt=0, le=3650)] | None = None
    memory_bytes: Annotated[int, Meta(ge=100_000, le=1_000_000_000)] = 4_000_000


class QuotaSection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A limit on what is relayed.

    Attributes:
        messages_per_day: A day is a day in UTC. What is over it is counted and dropped, not held:
            held messages would use up the next day's quota. Absent: no limit. A box is rated for
            840.
    """

    messages_per_day: Annotated[int, Meta(ge=1, le=10_000_000)] | None = None


class ApiSection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The local API, HTTP over a Unix socket; its description is served at /openapi.json.

    Attributes:
        socket_path: Whoever may write to it may do everything; absent: api.sock in run_dir.
    """

    socket_path: Path | None = None


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Configuration of the Nano Access Point.

    Attributes:
        state_dir: Spool, whitelist and counters; must survive a restart.
        run_dir: Socket, and counts that need not survive one; a memory disk is best.
        destination: Where messages go; any number, each with its own place in the spool.
    """

    station: StationSection
    radio: WorkerSettings
    destination: list[AnyDestination] = []
    whitelist: WhitelistSection = WhitelistSection()
    spool: SpoolSection = SpoolSection()
    quota: QuotaSection = QuotaSection()
    api: ApiSection = ApiSection()
    state_dir: Path = Path("/var/lib/nap")
    run_dir: Path = Path("/run/nap")

    def __post_init__(self) -> None:
        """Check what goes beyond single sections."""
        check_destinations(self.destination)

    @property
    def clips_dir(self) -> Path:
        """Where clips of the black box lie."""
        folder = self.radio.black_box.folder
        return Path(folder) if folder else self.state_dir / "clips"

    @property
    def socket_path(self) -> Path:
        """Where the local API listens."""
        return self.api.socket_path or self.run_dir / "api.sock"


def load(path: Path) -> Config:
    """Read the file.

    Raises:
        ConfigError: it names the file, the place in it, and what would be right.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_FILE_LIMIT + 1)
    except OSError as error:
        msg = f"{path}: {error.strerror}"
        raise ConfigError(msg) from error
    if len(content) > _FILE_LIMIT:
        msg = f"{path}: larger than {_FILE_LIMIT} bytes"
        raise ConfigError(msg)
    return parse(content, str(path))


def parse(content: bytes, name: str) -> Config:
    """Read the text of a file called `name`.

    Raises:
        ConfigError: see `load`.
    """
    try:
        raw = tomllib.loads(content.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        msg = f"{name}: not TOML: {error}"
        raise ConfigError(msg) from error
    try:
        return msgspec.convert(raw, Config, dec_hook=_decode)
    except msgspec.ValidationError as error:
        msg = f"{name}: {explained(error, raw, Config)}"
        raise ConfigError(msg) from error


def _decode(wanted: type, value: Any) -> Any:  # noqa: ANN401 - any TOML value
    if wanted is Path and isinstance(value, str) and value and "\0" not in value:
        return Path(value)
    msg = f"expected a path, got {value!r}"
    raise ValueError(msg)
