"""Samples a task again where its scene has no room, so that every seed gives one."""

from __future__ import annotations

from typing import Protocol

from hybridctl.sim.scene import SceneError
from hybridctl.sim.splits import Split
from hybridctl.sim.tasks.task import Task
from hybridctl.sim.workshop import SceneBuilder

SEEN = Split()
"""The split that tasks are sampled from unless another is asked for."""
_ATTEMPTS = 20


class Sampler(Protocol):
    """What the registry holds of each task."""

    def __call__(self, seed: int, *, split: Split = SEEN, language: str = "en") -> Task:
        """Return the task that a seed, a split and a language give; the same for the same."""
        ...


class Composer(Protocol):
    """How a task file makes its task, drawing all that it draws from the builder's `rng`."""

    def __call__(self, builder: SceneBuilder, language: str) -> Task:
        """Return the task; raise SceneError where its scene finds no room."""
        ...


def with_room(compose: Composer, seed: int, split: Split, language: str) -> Task:
    """Return the first task that fits on the table, of those that the seed leads to.

    Raises:
        SceneError: none of them does.
    """
    for attempt in range(_ATTEMPTS):
        try:
            return compose(SceneBuilder(seed, split, attempt=attempt), language)
        except SceneError as error:
            last = error
    raise SceneError(f"{last} (the last of {_ATTEMPTS} samples)") from last
