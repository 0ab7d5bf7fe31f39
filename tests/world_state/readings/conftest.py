"""Looks made by hand: places on a table, without pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hybridctl.messages.policy import Confidence
from world_state.beliefs import Beliefs
from world_state.depth import ObjectMeasurement
from world_state.noise import NoiseModel
from world_state.presence import Glance
from world_state.readings import Looks
from world_state.sighting import Sighting

EYE = np.array([0.86, 0.0, 0.72])


class Hands:
    """A scene whose readings are written down by hand."""

    def __init__(self) -> None:
        self.beliefs = Beliefs()
        self.noise = NoiseModel()
        self.cause, self.surprise = "", 0.0

    def looks(
        self,
        seen: dict[str, Any],
        *,
        stamp: float,
        view: np.ndarray = EYE,
        says: dict[str, str] | None = None,
        p_right: float = 0.95,
        side: float = 0.045,
        ball: bool = False,
    ) -> Looks:
        """A reading of places (x, y) [m] by phrase; what depth `says` of ids."""
        sightings = tuple(
            Sighting(
                phrase,
                ObjectMeasurement(
                    position=np.array([*place, side / 2]),
                    covariance=np.eye(3) * 1e-6,
                    extent=np.full(3, side),
                    grasp_yaw=0.0,
                    yaw_meaningful=not ball,
                    shape="ball" if ball else "flat",
                    points=40,
                    clipped=False,
                    view=view,
                    stamp=stamp,
                ),
                Confidence(-0.1, 0.1, p_right),
                np.array([64.0, 64.0]),
                np.array([1.0, 1.0]),
            )
            for phrase, place in seen.items()
        )
        glances = tuple(
            Glance(id, self.beliefs.slots[id].position, word, 0.03) for id, word in (says or {}).items()
        )
        return Looks(stamp, "fixed", sightings, glances)

    def take(self, reading: Any) -> Hands:
        """Correct the beliefs."""
        done = reading.correct(self.beliefs, self.noise)
        self.beliefs, self.cause, self.surprise = done.beliefs, done.cause, done.surprise
        return self

    def see(self, seen: dict[str, Any], **how: Any) -> Hands:
        """Take in looks."""
        return self.take(self.looks(seen, **how))

    def at(self, phrase: str) -> tuple[float, float]:
        """Where a thing is believed to be, rounded to a centimetre."""
        slot = self.beliefs.slot_named(phrase)
        assert slot is not None, f"no {phrase}"
        return round(float(slot.position[0]), 2), round(float(slot.position[1]), 2)

    def id(self, phrase: str) -> str:
        """The id of what goes by a phrase."""
        slot = self.beliefs.slot_named(phrase)
        assert slot is not None, f"no {phrase}"
        return slot.id


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def scenes() -> Callable[[], Hands]:
    return Hands
