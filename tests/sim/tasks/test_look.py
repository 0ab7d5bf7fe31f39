"""Looking scores what the wrist camera has in view; going home begins elsewhere."""

from hybridctl.messages.condition import Condition, Predicate
from hybridctl.sim.tasks.conditions import TruthOf
from hybridctl.sim.tasks.look import sample


def of_kind(word: str):
    return next(t for t in map(sample, range(40)) if str(t.plan).startswith(word))


def test_the_expert_brings_the_place_into_view(carried_out) -> None:
    for word in ("look", "wait"):
        assert carried_out(of_kind(word)).success


def test_what_lies_elsewhere_is_not_in_view(carried_out, world) -> None:
    task = of_kind("look")
    assert carried_out(task).success
    truth = TruthOf(world)
    in_view = {o.phrase: truth.holds(Condition(Predicate.IN_VIEW, o.phrase)) for o in task.scene.objects}
    assert not all(in_view.values())


def test_home_is_gone_to_from_elsewhere(begin, carried_out) -> None:
    task = of_kind("home")
    assert not task.score(begin(task)).success
    assert carried_out(task).success
