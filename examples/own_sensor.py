"""A sensor of your own: the scale under a bin says whether the parcel is in it.

Run it:  python examples/own_sensor.py
"""

import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

from hybridctl.arms.wall_clock import WallClock
from hybridctl.messages.condition import Condition, Predicate
from world_state import EventStore, WorldMemory
from world_state.beliefs import Beliefs
from world_state.fact import Fact
from world_state.noise import NoiseModel
from world_state.readings import READINGS, Correction

IN_BIN = Condition(Predicate.IN, "parcel", "bin")
EMPTY, PARCEL, STD = 0.0, 0.35, 0.06  # [kg] what the scale shows without and with it, and how far it errs


@dataclass(frozen=True)
class Weighed:
    """One reading of the scale: `weight` [kg] at `stamp` [s]."""

    kind: ClassVar[str] = "weighed"
    stamp: float
    weight: float

    def correct(self, beliefs: Beliefs, noise: NoiseModel) -> Correction:
        """Replace the last reading: a scale repeats its error, so that ten readings say no more than one."""
        prior = beliefs.facts.get(str(IN_BIN), Fact(str(IN_BIN), 0.0, self.stamp, half_life=600.0))
        ratio = ((self.weight - EMPTY) ** 2 - (self.weight - PARCEL) ** 2) / (2.0 * STD**2)
        fact = replace(prior, log_odds=prior.prior_log_odds, stamp=self.stamp).updated(ratio, self.stamp)
        turned = (fact.log_odds > 0.0) != (prior.log_odds > 0.0) or prior.log_odds == 0.0
        return Correction(beliefs.with_fact(fact), f"{self.weight:.2f} kg in the bin" if turned else "")

    def to_json(self) -> dict[str, Any]:
        """Return all that `correct` needs."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the reading that `to_json` wrote."""
        return cls(**values)


READINGS[Weighed.kind] = Weighed  # so that filtering anew knows it

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, EventStore(Path(folder) / "events.db") as store:
        memory = WorldMemory(store, clock=WallClock())
        for weight in (0.02, 0.01, 0.37, 0.36):
            memory.take(Weighed(memory.now(), weight))
        print(f"{IN_BIN}: {memory.believes(IN_BIN).truth}")
        print("stored:", ", ".join(event.cause for event in store.events()))
