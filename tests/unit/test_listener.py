"""What a listener counts over the life of its streams."""

from __future__ import annotations

from radio.frontend.ports import IqBlock, StreamFacts
from radio.listener import Counts, Listener
from tests.simulators.scene import Scene, add_impulses

FACTS = StreamFacts(250e3, 868.13e6)


def test_counts_go_on_over_gaps_and_streams() -> None:
    scene = Scene(3.0, seed=5)
    scene.add(carrier_hz=10e3, first_bit_s=0.3, snr_db=20.0)
    add_impulses(scene, over_noise_db=40.0, length_s=200e-6)
    counts, seen = Counts(), []
    for _ in range(2):
        listener = Listener(FACTS, counts, bit_rates=(100,))
        for first in (0, 10 * scene.samples.size):  # seconds are missing between: it begins anew
            listener.feed(IqBlock(scene.samples, first), None)
            seen.append((counts.candidates, counts.samples_blanked))
        listener.flush()
    first_candidates, first_blanked = seen[0]
    assert min(first_candidates, first_blanked) > 0
    for times, (candidates, blanked) in enumerate(seen, 1):  # the same air each time
        assert candidates >= times * first_candidates
        assert blanked >= times * first_blanked
