"""Somebody interferes once, physically plausible, and the expert recovers."""

import numpy as np
import pytest

from hybridctl.sim.tasks.interference import sample
from hybridctl.sim.tasks.people import Knocker, Mover, Shutter

KINDS = {kind: next(t for t in map(sample, range(20)) if isinstance(t.actors[0], kind))
         for kind in (Mover, Shutter, Knocker)}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_it_happens_and_the_expert_recovers(kind: type, carried_out) -> None:
    task = KINDS[kind]
    score = carried_out(task)
    assert task.actors[0].done
    assert score.success, score.met


def test_actors_are_made_anew_for_each_episode(carried_out) -> None:
    seed = next(s for s in range(20) if isinstance(sample(s).actors[0], Mover))
    carried_out(sample(seed))
    assert sample(seed).actors[0].done is False


def test_where_a_thing_is_moved_to_is_free() -> None:
    for seed in range(40):
        task = sample(seed)
        if isinstance(task.actors[0], Mover):
            others = [(o.x, o.y) for o in task.scene.objects[1:]] + [(p.x, p.y) for p in task.scene.fixtures]
            away = [np.hypot(*np.subtract(task.actors[0].to, other)) for other in others]
            assert min(away, default=1.0) > 0.06
            target = task.scene.target
            assert np.hypot(*np.subtract(task.actors[0].to, (target.x, target.y))) > 0.14
