"""The bowl or the cup of a thing's own colour, and no other."""

import numpy as np

from hybridctl.sim.palette import COLOURS
from hybridctl.sim.splits import Split
from hybridctl.sim.tasks.matching import sample


def test_the_goal_is_the_container_that_looks_like_the_thing() -> None:
    for seed in range(40):
        task = sample(seed)
        place = task.goal[0].object
        if place in task.referents:
            looks = {spec.rgb: body == task.referents[place]
                     for spec, body in zip(task.scene.objects, task.scene.object_bodies, strict=True)
                     if spec.shape == "cup"}  # fmt: skip
        else:
            looks = {p.rgb: p.phrase == place for p in task.scene.fixtures}
        word = COLOURS[task.scene.target.colour]
        nearest = min(looks, key=lambda rgb: float(np.linalg.norm(np.subtract(rgb, word))))
        assert looks[nearest]
        assert len(looks) in (2, 3)


def test_a_bowl_of_another_colour_does_not_count(begin, put) -> None:
    task = next(t for t in map(sample, range(20)) if not t.referents)
    world = begin(task)
    right = task.goal[0].object
    wrong = next(p.phrase for p in task.scene.fixtures if p.phrase != right)
    for bowl, expected in ((wrong, False), (right, True)):
        put(task.scene.target.phrase, bowl)
        assert task.score(world).success is expected


def test_unseen_colours_have_bowls_too() -> None:
    for seed in range(20):
        task = sample(seed, split=Split("unseen-objects"))
        assert task.scene.target.colour not in COLOURS
