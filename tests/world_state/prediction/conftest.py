"""Beliefs about a table with things, containers and a drawer, as looks would have left them."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from world_state.articulation import FRACTIONS, Articulation
from world_state.beliefs import Beliefs
from world_state.categorical import Categorical
from world_state.pose import initial
from world_state.slot import NAMED, Slot, attributes_of

VIEW = np.array([0.86, 0.0, 0.72])


def thing(
    beliefs: Beliefs,
    phrase: str,
    x: float,
    y: float,
    *,
    z: float | None = None,
    extent: tuple[float, float, float] = (0.045, 0.045, 0.045),
    std: float = 0.003,
    yaw: float | None = None,
    existence: float = 5.0,
) -> tuple[Beliefs, Slot]:
    """Return the beliefs with a thing seen at time 0, standing on the table unless z says otherwise."""
    name, beliefs = beliefs.new_id()
    height = extent[2] / 2 if z is None else z
    pose = initial(np.array([x, y, height]), std**2 * np.eye(3), yaw=yaw, symmetry=0 if yaw is None else 4)
    slot = Slot(
        id=name,
        pose=pose,
        labels=Categorical.of({phrase: NAMED}),
        attributes=attributes_of(phrase),
        extent=np.array(extent),
        stamp=0.0,
        last_seen=0.0,
        last_view=VIEW,
        existence=existence,
        sources=("seen",),
    )
    return beliefs.with_slot(slot), slot


def drawer_at(fraction: float, *, std: float = 0.02) -> Articulation:
    """Return the belief about a drawer that is open by a part of its travel."""
    weights = np.exp(-0.5 * ((FRACTIONS - fraction) / std) ** 2) + 1e-5
    return Articulation("drawer", weights / weights.sum(), 0.0)


def lifted(beliefs: Beliefs, slot: Slot, x: float, y: float, z: float) -> Beliefs:
    """Return the beliefs with a slot where a hand may have carried it."""
    T = np.array(slot.pose.T)
    T[:3, 3] = (x, y, z)
    return beliefs.with_slot(replace(slot, pose=replace(slot.pose, T=T), status="held"))


@pytest.fixture(scope="session")
def put() -> Callable[..., tuple[Beliefs, Slot]]:
    return thing


@pytest.fixture(scope="session")
def drawer() -> Callable[..., Articulation]:
    return drawer_at


@pytest.fixture(scope="session")
def lift() -> Callable[..., Beliefs]:
    return lifted
