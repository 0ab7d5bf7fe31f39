"""Cards with symbols: only the one that is named counts."""

from hybridctl.messages.plan import Skill
from hybridctl.sim.tasks.lanes import has_lane
from hybridctl.sim.tasks.symbols import sample


def test_three_or_four_cards_show_different_symbols() -> None:
    counts = set()
    for seed in range(30):
        symbols = [p.symbol for p in sample(seed).scene.fixtures]
        assert len(set(symbols)) == len(symbols)
        counts.add(len(symbols))
    assert counts == {3, 4}


def test_another_card_does_not_count(begin, put) -> None:
    task = next(t for t in map(sample, range(20)) if t.plan.subgoals[-1].skill is Skill.PLACE_ON)
    world = begin(task)
    named = task.plan.subgoals[-1].target
    other = next(p.symbol for p in task.scene.fixtures if p.symbol != named)
    for symbol, expected in ((other, False), (named, True)):
        put(task.scene.target.phrase, symbol)
        assert task.score(world).success is expected


def test_what_is_to_be_pushed_has_a_free_way() -> None:
    pushes = [t for t in map(sample, range(40)) if t.plan.subgoals[0].skill is Skill.PUSH]
    assert len(pushes) > 5
    for task in pushes:
        card = next(p for p in task.scene.fixtures if p.symbol == task.plan.subgoals[0].toward)
        assert has_lane(task.scene, 0, (card.x, card.y))


def test_the_expert_pushes_to_the_card(carried_out) -> None:
    task = next(t for t in map(sample, range(20)) if t.plan.subgoals[0].skill is Skill.PUSH)
    assert carried_out(task).success
