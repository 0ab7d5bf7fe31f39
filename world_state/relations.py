"""How two slots stand to each other, answered yes, no or not known."""

from __future__ import annotations

import numpy as np

from world_state.slot import Slot

SURE = 2.0  # standard deviations that the distance must keep from the rim


def is_inside(thing: Slot, container: Slot) -> bool | None:
    """Return whether the thing's centre lies within the container's footprint; None when too close to call.

    The footprint is a circle with half the container's smaller horizontal extent as its radius. The answer
    is None while the distance lies within SURE standard deviations of that radius.
    """
    offset = thing.position[:2] - container.position[:2]
    distance = float(np.linalg.norm(offset))
    radius = float(container.extent[:2].min()) / 2
    covariance = thing.covariance[:2, :2] + container.covariance[:2, :2]
    if distance > 1e-9:
        direction = offset / distance
        std = float(np.sqrt(direction @ covariance @ direction))
    else:
        std = float(np.sqrt(np.linalg.eigvalsh(covariance)[-1]))
    if abs(distance - radius) < SURE * std:
        return None
    return distance < radius
