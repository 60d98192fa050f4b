"""A real gateway process whose radio worker is a script; see worker_script for its words.

Usage: gateway_process.py CONFIG WORD...
"""

from __future__ import annotations

import sys
from pathlib import Path

from nap.app import run
from nap.config import load
from nap.runtime.logs import set_up_logs

set_up_logs(verbose=False)
run(
    load(Path(sys.argv[1])), [sys.executable, "-m", "tests.simulators.worker_script", *sys.argv[2:]]
)
