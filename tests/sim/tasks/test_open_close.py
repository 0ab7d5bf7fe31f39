"""Opening and closing are scored by how far the drawer is out."""

from hybridctl.messages.condition import Predicate
from hybridctl.sim.fixtures import DRAWER_TRAVEL
from hybridctl.sim.tasks.open_close import sample


def test_both_are_asked_for_and_half_open_is_neither(begin) -> None:
    tasks = [sample(seed) for seed in range(8)]
    assert {t.goal[0].predicate for t in tasks} == {Predicate.OPEN, Predicate.CLOSED}
    for task in tasks:
        world = begin(task)
        to_open = task.goal[0].predicate is Predicate.OPEN
        for share, success in ((0.4, False), (0.9, to_open), (0.0, not to_open)):
            world.data.joint("drawer").qpos[0] = share * DRAWER_TRAVEL
            assert task.score(world).success is success


def test_the_expert_moves_the_drawer(carried_out) -> None:
    for predicate in (Predicate.OPEN, Predicate.CLOSED):
        task = next(t for t in map(sample, range(20)) if t.goal[0].predicate is predicate)
        assert carried_out(task).success
