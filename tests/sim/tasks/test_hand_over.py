"""Handing over scores the named thing in the person's hand."""

from hybridctl.sim.tasks.hand_over import sample


def test_the_named_thing_counts_and_no_other(begin, put) -> None:
    for seed in range(4):
        task = sample(seed)
        world = begin(task)
        put(task.scene.objects[1].phrase, "person")
        assert not task.score(world).success
        begin(task)
        put(task.scene.target.phrase, "person")
        assert task.score(world).success
