"""How much a base station may transmit, zone by zone.

The box enforces airtime, pauses and band edges. Power is set by gain and antenna, which only the
operator knows: `most_erp_dbm` is what the gain must be set for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PERIOD_S: Final = 3600.0
"""Duty cycles count over any hour.

Source: EN 300 220-1, duty cycle with an observation period of one hour.
"""
_TURNAROUND_S: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What holds in the downlink band of a zone.

    Attributes:
        low_hz, high_hz: Edges of the band.
        airtime_s: Most in any hour.
        pause_s: Between the end of a transmission and the start of the next.
        most_erp_dbm: Effective radiated power.
        carrier_sense: The channel must be found free first. No front end here can; a station with
            a licence of its own may be excused by its settings.
        source: Where the numbers are from.
    """

    low_hz: float
    high_hz: float
    airtime_s: float
    pause_s: float = _TURNAROUND_S
    most_erp_dbm: float
    carrier_sense: bool = False
    source: str


_HOPPING_PAUSE_S: Final = 20.0
"""A frame is shorter than the 0.4 s that one frequency may be used in 20 s. The rule counts each
frequency alone; counting all together is stricter and needs no knowledge of the others."""
_TENTH_S: Final = PERIOD_S / 10
_HUNDREDTH_S: Final = PERIOD_S / 100

RULES: Final[dict[str, Rule]] = {
    "RC1": Rule(
        low_hz=869.40e6,
        high_hz=869.65e6,
        airtime_s=_TENTH_S,
        most_erp_dbm=27.0,
        source="ERC/REC 70-03 annex 1, 869.400-869.650 MHz: 500 mW ERP, 10 %",
    ),
    "RC2": Rule(
        low_hz=902e6,
        high_hz=928e6,
        airtime_s=_TENTH_S,
        pause_s=_HOPPING_PAUSE_S,
        most_erp_dbm=21.85,
        source="47 CFR 15.247 (a)(1)(i): 0.4 s in 20 s; all frequencies taken together here, 10 % "
        "an hour on top, and no more power than devices have: conservative, unsourced",
    ),
    "RC3": Rule(
        low_hz=920.5e6,
        high_hz=923.5e6,
        airtime_s=_TENTH_S,
        most_erp_dbm=13.85,
        carrier_sense=True,
        source="Japan, MIC notice 123 of 2019: 360 s an hour, 4 s at once, pause 50 ms, after "
        "carrier sense; power of 20 mW: ARIB STD-T108",
    ),
    "RC4": Rule(
        low_hz=920e6,
        high_hz=925e6,
        airtime_s=_TENTH_S,
        pause_s=_HOPPING_PAUSE_S,
        most_erp_dbm=21.85,
        source="national rules differ; as RC2: conservative, unsourced",
    ),
    "RC5": Rule(
        low_hz=920e6,
        high_hz=923.5e6,
        airtime_s=_HUNDREDTH_S,
        most_erp_dbm=11.85,
        carrier_sense=True,
        source="conservative, unsourced; devices there sense the channel",
    ),
    "RC6": Rule(
        low_hz=865e6,
        high_hz=868e6,
        airtime_s=_HUNDREDTH_S,
        most_erp_dbm=27.0,
        source="India, GSR 853(E) of 2021 frees 865-868 MHz; airtime: conservative, unsourced",
    ),
    "RC7": Rule(
        low_hz=868.7e6,
        high_hz=869.2e6,
        airtime_s=_TENTH_S,
        most_erp_dbm=20.0,
        source="Russia, GKRCh decision 18-46-03-1 annex 12, as quoted in public: 868.7-869.2 MHz, "
        "100 mW ERP, 10 %",
    ),
}
