"""Where the whitelist lies in the state directory: the gateway and its command must agree."""

from __future__ import annotations

from pathlib import Path


def rules_path(state_dir: Path) -> Path:
    """Mode and lists."""
    return state_dir / "whitelist.json"


def heard_path(state_dir: Path) -> Path:
    """Which devices were heard on which day."""
    return state_dir / "heard.json"
