"""Splits are found by name, and no seen split holds a word, shape, surface or place that is kept unseen."""

from itertools import product

import pytest

from hybridctl.sim.palette import UNSEEN_COLOURS
from hybridctl.sim.scene import SceneError
from hybridctl.sim.splits import LEVELS, SPLITS, VARIATIONS, Split, split_named
from hybridctl.sim.tasks.lexicon import ADJECTIVES, NOUNS
from hybridctl.sim.tasks.registry import TASKS, make_task
from hybridctl.sim.tasks.wording import LANGUAGES
from hybridctl.sim.things import FRUITS, SHAPES, UNSEEN_SHAPES

SEEDS = range(500, 504)
SEEN = [name for name, split in SPLITS.items() if split.seen]


def test_names_lead_to_splits_and_back() -> None:
    assert len(SPLITS) == len(VARIATIONS) * (1 + len(LEVELS))
    for name, split in SPLITS.items():
        assert split.name == name
        assert split_named(name) is split
    assert SEEN == ["seen", "seen-easy", "seen-hard"]


def test_an_unknown_split_says_which_there_are() -> None:
    with pytest.raises(SceneError, match=r"no split is named 'unseen', expected one of seen, seen-easy, "):
        split_named("unseen")


@pytest.mark.parametrize("name", TASKS)
def test_seen_splits_name_nothing_that_is_kept_unseen(name: str) -> None:
    kept_out = {*UNSEEN_SHAPES, *UNSEEN_COLOURS}
    foreign = {
        word for words in (NOUNS, ADJECTIVES) for key in kept_out & set(words) for word in words[key][:1]
    }
    for split, seed in product(SEEN, SEEDS):
        language = LANGUAGES[seed % 2]  # English, and Chinese, which does not bend its words
        task = make_task(name, seed, split=split, language=language)
        for thing in task.scene.objects:
            assert thing.shape not in UNSEEN_SHAPES
            assert thing.colour not in UNSEEN_COLOURS
        words = set(f"{task.instruction} {task.plan}".lower().replace(",", " ").replace(";", " ").split())
        assert not words & kept_out
        assert not [word for word in foreign if word in task.instruction]


@pytest.mark.parametrize("name", TASKS)
def test_unseen_objects_have_unseen_shapes_and_colours_where_a_task_names_none(name: str) -> None:
    own = {*FRUITS, "can", "peg", "cup"}
    for seed in SEEDS:
        task = make_task(name, seed, split="unseen-objects")
        free = [thing for thing in task.scene.objects if thing.shape not in own]
        assert {thing.shape for thing in free} <= set(UNSEEN_SHAPES), "none of the seen shapes"
        assert {thing.colour for thing in free} <= set(UNSEEN_COLOURS)
        assert task.split == "unseen-objects"


def test_other_variations_keep_the_things_of_training() -> None:
    for name, seed in product(TASKS, SEEDS[:2]):
        for variation in VARIATIONS[2:]:
            scene = make_task(name, seed, split=variation).scene
            assert {thing.shape for thing in scene.objects} <= {*SHAPES, *FRUITS, "can", "peg", "cup"}


def test_only_what_may_be_trained_on_is_seen() -> None:
    assert Split().seen
    assert not any(Split(variation).seen for variation in VARIATIONS[1:])
