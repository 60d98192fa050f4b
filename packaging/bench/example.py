"""Draw the waterfall of the guides: ten seconds of a simulated air, recorded and given to `nap`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from radio.air.air import Air  # noqa: E402 - the path comes first
from radio.air.fleet import Fleet, devices_of  # noqa: E402
from radio.frontend.sigmf_writer import write_recording  # noqa: E402
from radio.sigfox.zones import ZONES  # noqa: E402

PICTURE: Final = ROOT / "docs" / "figures" / "waterfall.png"
NAP: Final = Path(sys.executable).with_name("nap")
RATE_HZ: Final = 250e3
SECONDS: Final = 10.0
_SEED: Final = 3
_BLOCK: Final = 65_536


def main() -> int:
    """Record and draw."""
    zone = ZONES["RC1"]
    fleet = Fleet(count=12, interval_s=14, snr_db=(7, 32), bit_rates=(100, 600))
    air = Air(devices_of(fleet, zone, _SEED), zone=zone, rate_hz=RATE_HZ, seed=_SEED)
    count = int(SECONDS * RATE_HZ)
    with tempfile.TemporaryDirectory() as folder:
        stem = Path(folder) / "simulated air"
        write_recording(
            stem,
            (air.render(at, min(_BLOCK, count - at)) for at in range(0, count, _BLOCK)),
            rate_hz=RATE_HZ,
            center_hz=zone.uplink_center_hz,
        )
        command = [str(NAP), "waterfall", str(stem), "-o", str(PICTURE), "--zone", zone.name]
        return subprocess.run(command, check=False).returncode  # noqa: S603 - our own words


if __name__ == "__main__":
    sys.exit(main())
