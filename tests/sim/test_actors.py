"""An arm that crosses the work area: to and fro, without a jump, waiting at either end."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hybridctl.sim.actors import CrossingArm

ARM = CrossingArm("obstacle", (0.5, -0.5), (0.45, 0.5), 0.16, seconds=4.0, pause=6.0, delay=1.0)


@given(st.floats(0.0, 100.0))
def test_it_never_jumps(stamp: float) -> None:
    step = np.linalg.norm(ARM.position(stamp + 0.01) - ARM.position(stamp))
    assert step <= 0.01 * np.pi / 2 * np.hypot(0.05, 1.0) / ARM.seconds + 1e-9


def test_it_waits_at_either_end() -> None:
    for stamp, end in (
        (0.0, ARM.start),
        (0.9, ARM.start),
        (5.0, ARM.end),
        (10.9, ARM.end),
        (15.1, ARM.start),
    ):
        np.testing.assert_allclose(ARM.position(stamp), (*end, 0.16), atol=1e-12)
