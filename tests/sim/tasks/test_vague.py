"""Vague commands: each acceptable reading counts, and nothing else; some are to be asked about."""

from hybridctl.messages.condition import Condition, Predicate
from hybridctl.sim.tasks.vague import sample

TASKS = [sample(seed) for seed in range(60)]


def test_each_acceptable_reading_counts(begin, put) -> None:
    task = next(t for t in TASKS if t.readings and len(t.goal) == 1)
    for reading in (task.goal, *task.readings):
        world = begin(task)
        put(reading[0].subject, reading[0].object)
        assert task.score(world).success


def test_what_no_reading_allows_does_not_count(begin, put) -> None:
    task = next(t for t in TASKS if t.goal[0].predicate is Predicate.ON)
    world = begin(task)
    edible = {reading[0].subject for reading in (task.goal, *task.readings)}
    block = next(spec.phrase for spec in task.scene.objects if spec.phrase not in edible)
    put(block, "plate")
    assert not task.score(world).success


def test_asking_is_right_only_where_readings_exclude_each_other() -> None:
    assert any(t.ambiguous for t in TASKS)
    assert any(t.readings and not t.ambiguous for t in TASKS)
    for task in TASKS:
        if task.ambiguous:
            subjects = [reading[0].subject for reading in (task.goal, *task.readings)]
            assert len(set(subjects)) == len(subjects) > 1


def test_a_clean_table_may_have_things_in_any_container() -> None:
    task = next(t for t in TASKS if any(p.kind == "cabinet" for p in t.scene.fixtures))
    things = {c.subject for c in task.goal}
    assert len(task.readings) + 1 == 2 ** len(things)
    assert tuple(Condition(Predicate.IN, c.subject, "drawer") for c in task.goal) in task.readings


def test_every_red_thing_will_do_where_something_red_is_asked_for() -> None:
    asked = [t for t in TASKS if "something" in t.instruction or "anything" in t.instruction]
    asked = [
        t for t in asked if t.goal[0].predicate is Predicate.WITH and "soda can" not in t.goal[0].subject
    ]
    assert asked
    for task in asked:
        colour = task.scene.target.colour
        allowed = {reading[0].subject for reading in (task.goal, *task.readings)}
        assert allowed == {o.phrase for o in task.scene.objects if o.colour == colour}
