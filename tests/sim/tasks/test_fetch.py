"""Fetching begins with the thing in the shut drawer and says so."""

from hybridctl.messages.condition import Predicate
from hybridctl.sim.tasks.conditions import TruthOf
from hybridctl.sim.tasks.fetch import sample


def test_the_thing_lies_in_the_shut_drawer(begin) -> None:
    for seed in range(5):
        task = sample(seed)
        truth = TruthOf(begin(task))
        assert truth.holds(~task.goal[0])
        x, y, z = (truth.pose("drawer")[:3, :3].T @ (
            truth.thing(task.scene.target.phrase).position - truth.pose("drawer")[:3, 3]
        ))  # fmt: skip
        assert -0.17 < x < 0
        assert abs(y) < 0.095
        assert 0.02 < z < 0.09
        assert "drawer" in task.instruction


def test_another_thing_on_the_plate_is_no_success(begin, put) -> None:
    for seed in range(4):
        task = sample(seed)
        world = begin(task)
        put(task.scene.objects[1].phrase, task.goal[0].object)
        assert not task.score(world).success
        begin(task)
        put(task.scene.target.phrase, task.goal[0].object)
        assert task.score(world).success


def test_at_times_the_drawer_is_to_be_shut_again() -> None:
    shut = [any(c.predicate is Predicate.CLOSED for c in sample(seed).goal) for seed in range(12)]
    assert any(shut)
    assert not all(shut)
