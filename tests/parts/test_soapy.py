"""SoapySDR as Debian packages it, as far as its null device goes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from radio.frontend.ports import FrontEndError, StreamFacts
from radio.frontend.soapy import Soapy, SoapyStream
from radio.frontend.soapy_library import SYSTEM_PACKAGES, load_soapy
from radio.settings import SoapySettings

needs_soapy = pytest.mark.skipif(
    not (SYSTEM_PACKAGES / "SoapySDR.py").exists(), reason="python3-soapysdr is not installed"
)


def test_where_it_is_not_installed_the_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SoapySDR", "_SoapySDR"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(FrontEndError, match="install the package python3-soapysdr"):
        load_soapy(tmp_path)


def test_one_for_another_python_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SoapySDR", "_SoapySDR"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    (tmp_path / "_SoapySDR.py").write_text("raise ImportError('made for another Python')")
    with pytest.raises(FrontEndError, match="made for another Python"):
        load_soapy(tmp_path)
    assert "_SoapySDR" not in sys.modules


@needs_soapy
def test_nothing_else_of_the_system_becomes_visible() -> None:
    before = list(sys.path)
    assert load_soapy().getAPIVersion()
    assert sys.path == before


@needs_soapy
def test_a_part_that_cannot_do_the_rate_is_refused() -> None:
    part = Soapy(SoapySettings(device="driver=null", rate_hz=1e6), center_hz=868e6)
    with pytest.raises(FrontEndError, match=r"driver=null: gives 0 S/s in place of 1e\+06"):
        part.open().__enter__()


@needs_soapy
def test_a_stream_that_the_driver_cannot_give_ends_in_the_error_of_the_port() -> None:
    soapy = load_soapy()
    device = soapy.Device("driver=null")
    facts = StreamFacts(250_000.0, 868e6)
    try:
        with SoapyStream.started(soapy, device, "null device", facts) as stream:
            with pytest.raises(FrontEndError, match="null device: NOT_SUPPORTED"):
                next(stream.blocks())
            assert stream.facts is facts
    finally:
        device.close()
