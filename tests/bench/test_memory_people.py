"""Somebody at the table does what the schedule says, with what may be touched, and says so."""

import numpy as np

from hybridctl.bench.memory_people import FARTHER, Visitor
from hybridctl.bench.memory_scene import crowded_scene
from hybridctl.sim.truth import true_objects
from hybridctl.sim.world import SimWorld


def visited(schedule: tuple[tuple[float, str], ...], seconds: float, *, spared: int = 0) -> tuple:
    scene = crowded_scene(11)
    visitor = Visitor(4, schedule, frozenset(thing.phrase for thing in scene.objects[spared:] if spared))
    world = SimWorld(scene)
    world.reset(scene, actors=(visitor,))
    before = {thing.phrase: thing.position.copy() for thing in true_objects(world)}
    world.sleep_until(seconds)
    after = {thing.phrase: thing.position.copy() for thing in true_objects(world)}
    return visitor, before, after


def test_look_alikes_take_each_others_places() -> None:
    visitor, before, after = visited(((0.1, "exchanged"),), 0.5)
    one, other = (move.phrase for move in visitor.moves)
    assert set(one.split()) & set(other.split())
    np.testing.assert_allclose(after[one][:2], before[other][:2], atol=2e-3)
    np.testing.assert_allclose(after[other][:2], before[one][:2], atol=2e-3)
    assert all(np.linalg.norm(after[p] - before[p]) < 2e-3 for p in after if p not in (one, other))


def test_a_thing_put_elsewhere_touches_nothing_there() -> None:
    visitor, before, after = visited(((0.1, "elsewhere"),), 0.6)
    (move,) = visitor.moves
    assert np.linalg.norm(move.to[:2] - before[move.phrase][:2]) > FARTHER
    np.testing.assert_allclose(after[move.phrase], move.to, atol=2e-3)
    assert all(np.linalg.norm(after[p] - before[p]) < 2e-3 for p in after if p != move.phrase)


def test_a_thing_is_dragged_past_the_others() -> None:
    visitor, before, after = visited(((0.1, "dragged"),), 4.0)
    ((phrase, _),) = visitor.dragged
    assert np.linalg.norm(after[phrase] - before[phrase]) > 0.05
    assert all(np.linalg.norm(after[p] - before[p]) < 5e-3 for p in after if p != phrase)


def test_what_is_spared_stays() -> None:
    visitor, _, _ = visited(((0.1, "exchanged"), (0.2, "elsewhere")), 0.6, spared=1)
    assert len(visitor.moves) == 1, "only one thing may be moved, and it has nobody to change with"
