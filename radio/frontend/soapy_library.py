"""Debian's SoapySDR module, taken from the system's packages without opening the rest of them."""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType
from typing import Final

from radio.frontend.ports import FrontEndError

SYSTEM_PACKAGES: Final = Path("/usr/lib/python3/dist-packages")
# The first is the compiled half that the second imports by name.
_MODULES: Final = ("_SoapySDR", "SoapySDR")


def load_soapy(folder: Path = SYSTEM_PACKAGES) -> ModuleType:
    """The SoapySDR module; FrontEndError where the system has none that fits this Python.

    An environment does not see the system's packages, and it must not: they are other versions of
    what we have locked. Only these two modules are let in.
    """
    for name in _MODULES:
        if name in sys.modules:
            continue
        spec = PathFinder.find_spec(name, [str(folder)])
        if spec is None or spec.loader is None:
            msg = f"SoapySDR is not in {folder}; install the package python3-soapysdr"
            raise FrontEndError(msg)
        module = module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except ImportError as error:
            del sys.modules[name]
            msg = f"SoapySDR cannot be loaded: {error}"
            raise FrontEndError(msg) from error
    return sys.modules[_MODULES[-1]]
