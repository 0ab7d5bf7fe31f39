"""The peg counts as inserted when it stands in the hole, not on it."""

import numpy as np

from hybridctl.sim.fixtures import SOCKET_FLOOR, SOCKET_HEIGHT
from hybridctl.sim.tasks.conditions import TruthOf
from hybridctl.sim.tasks.insert import sample
from hybridctl.sim.things import PEG_HEIGHT


def test_only_deep_in_the_hole_counts(begin, put) -> None:
    task = sample(0)
    world = begin(task)
    socket = TruthOf(world).pose("hole")[:3, 3]
    for bottom, success in ((SOCKET_HEIGHT, False), (SOCKET_FLOOR + 0.003, True)):
        world.data.joint("object0").qpos[:3] = np.add(socket, (0, 0, bottom + PEG_HEIGHT / 2))
        world.data.joint("object0").qvel[:] = 0.0
        world.sleep_until(world.now() + 0.02)
        world.data.joint("object0").qvel[:] = np.zeros(6)
        world.sleep_until(world.now() + 0.002)
        assert task.score(world).success is success


def test_the_expert_inserts_it(carried_out) -> None:
    assert carried_out(sample(1)).success
