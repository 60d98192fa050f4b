"""What the library of numpy's matrix products is good at."""

from __future__ import annotations

from typing import Final

LARGEST_PRODUCT: Final = 250_000
"""Multiplications in a product of matrices.

For a larger one the library (OpenBLAS) starts threads: for the sizes here they cost several times
what they bring, and a receiver should not take more than its core. Source: its limit is 2^18.
"""
