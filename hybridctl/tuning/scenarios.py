"""All scenarios by name."""

from __future__ import annotations

from collections.abc import Callable

from hybridctl.messages.arrays import FloatArray
from hybridctl.tuning.circles import circles
from hybridctl.tuning.crossing import crossing
from hybridctl.tuning.scenario import Scenario
from hybridctl.tuning.steps import steps
from hybridctl.tuning.tokens import tokens

SCENARIOS: dict[str, Callable[[FloatArray, int], Scenario]] = {
    "steps": steps,
    "circles": circles,
    "tokens": tokens,
    "crossing": crossing,
}
"""Each makes a scenario from the tool pose at its start, (4, 4), and a seed."""
