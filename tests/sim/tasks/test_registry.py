"""What every task keeps: the same for the same seed, not done yet, said in every language."""

import re

import pytest

from hybridctl.sim.scene import SceneError
from hybridctl.sim.splits import SPLITS
from hybridctl.sim.tasks.lexicon import ADJECTIVES, NOUNS
from hybridctl.sim.tasks.registry import TASKS, make_task
from hybridctl.sim.tasks.wording import LANGUAGES

ENGLISH = {word for phrase in (*NOUNS, *ADJECTIVES) for word in phrase.split() if not word.isdigit()}
ENGLISH |= {"the", "and", "put", "on", "into", "with", "of", "to", "open", "close", "push", "pick", "take"}
ENGLISH -= {"mango"}  # Spanish too
tasks = pytest.mark.parametrize("name", sorted(TASKS))


@tasks
def test_a_seed_gives_the_same_task_again_and_another_seed_another(name: str) -> None:
    one, again, other = make_task(name, 7), make_task(name, 7), make_task(name, 8)
    assert one.name == name
    assert (one.scene, one.instruction, one.plan, one.goal) == (
        again.scene, again.instruction, again.plan, again.goal,
    )  # fmt: skip
    assert one.scene != other.scene


@tasks
def test_nothing_is_done_at_the_start(name: str, begin) -> None:
    for seed in range(3):
        task = make_task(name, seed)
        assert not task.score(begin(task)).success


@tasks
def test_a_task_is_said_in_every_language_about_the_same_scene(name: str) -> None:
    for seed in range(8):
        split = ("seen", "unseen-objects")[seed % 2]
        english = make_task(name, seed, split=split)
        for language in LANGUAGES:
            task = make_task(name, seed, split=split, language=language)
            assert (task.scene, task.plan, task.goal) == (english.scene, english.plan, english.goal)
            assert not re.search(r"[{}]|  ", task.instruction)
            if language == "zh":
                assert not re.search("[A-Za-z]", task.instruction)
            elif language != "en":
                assert not set(re.findall(r"\w+", task.instruction)) & ENGLISH, task.instruction
            assert task.language == language


@tasks
def test_every_split_gives_tasks(name: str) -> None:
    for split in SPLITS:
        assert make_task(name, 3, split=split).split == split


@tasks
def test_the_goal_follows_from_the_plan(name: str) -> None:
    """What the last subgoals promise is what the goal asks for, so a plan ends where the goal holds."""
    for seed in range(6):
        task = make_task(name, seed)
        promised = {
            condition
            for index, subgoal in enumerate(task.plan.subgoals)
            for condition in subgoal.postconditions(held=task.plan.held_before(index))
        }
        looked = {c.subject for c in promised if c.predicate.value == "seen"}
        for condition in task.goal:
            assert condition in promised or condition.negated or condition.subject in looked, condition


def test_what_is_not_there_is_answered_with_what_is() -> None:
    with pytest.raises(SceneError, match=r"juggle.*pick, place"):
        make_task("juggle", 0)
    with pytest.raises(SceneError, match=r"fr.*en, zh, es, de"):
        make_task("pick", 0, language="fr")
    with pytest.raises(SceneError, match=r"nowhere.*unseen-objects"):
        make_task("pick", 0, split="nowhere")
