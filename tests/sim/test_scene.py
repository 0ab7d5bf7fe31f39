"""Scenes are made by their seed, and neither colour nor shape alone finds the target."""

from itertools import combinations

import numpy as np
import pytest

from hybridctl.sim.palette import COLOURS
from hybridctl.sim.scene import SceneError
from hybridctl.sim.table_scene import (
    BOWL_SPACING,
    MAX_OBJECTS,
    OBJECT_SPACING,
    WORK_AREA,
    sample_scene,
    words_of,
)
from hybridctl.sim.things import SHAPES

SEEDS = range(150)


def test_a_seed_makes_one_scene_and_another_seed_another() -> None:
    assert sample_scene(5) == sample_scene(5)
    assert sample_scene(5, target=("red", "block")) == sample_scene(5, target=("red", "block"))
    assert len({sample_scene(seed).objects for seed in SEEDS}) == len(SEEDS)


@pytest.mark.parametrize("target", [None, ("red", "block"), ("pink", "cylinder")])
def test_every_scene_has_one_more_of_the_targets_shape_and_one_more_of_its_colour(
    target: tuple[str, str] | None,
) -> None:
    for seed in SEEDS:
        scene = sample_scene(seed, target=target)
        named, others = scene.target, scene.objects[1:]
        assert 4 <= len(scene.objects) <= MAX_OBJECTS
        assert target is None or (named.colour, named.shape) == target
        assert any(o.shape == named.shape and o.colour != named.colour for o in others)
        assert any(o.colour == named.colour and o.shape != named.shape for o in others)
        assert len({o.phrase for o in scene.objects}) == len(scene.objects)


def test_things_keep_their_distance_and_lie_in_the_work_area() -> None:
    (x0, x1), (y0, y1) = WORK_AREA
    for seed in SEEDS:
        scene = sample_scene(seed)
        for a, b in combinations(scene.objects, 2):
            assert np.hypot(a.x - b.x, a.y - b.y) > OBJECT_SPACING
        for o in scene.objects:
            assert np.hypot(o.x - scene.bowl_xy[0], o.y - scene.bowl_xy[1]) > BOWL_SPACING
            assert x0 <= o.x <= x1
            assert y0 <= o.y <= y1


def test_all_colours_shapes_and_counts_come_up() -> None:
    scenes = [sample_scene(seed) for seed in SEEDS]
    assert {s.target.colour for s in scenes} == set(COLOURS)
    assert {s.target.shape for s in scenes} == set(SHAPES)
    assert {len(s.objects) for s in scenes} == {4, 5, 6}


def test_every_object_fits_between_the_fingers() -> None:
    assert max(o.size for seed in SEEDS for o in sample_scene(seed).objects) < 0.07


@pytest.mark.parametrize("target", [("mauve", "block"), ("red", "octopus")])
def test_an_unknown_target_says_what_would_be_known(target: tuple[str, str]) -> None:
    with pytest.raises(SceneError, match=r"colours are red, .*; shapes are block, ball, cylinder"):
        sample_scene(0, target=target)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("put the red block in the bowl", ("red", "block")),
        ("Put the Pink CYLINDER, please.", ("pink", "cylinder")),
        ("put the block in the bowl", None),
        ("put the red thing in the bowl", None),
        ("", None),
    ],
)
def test_the_words_of_an_instruction_name_colour_and_shape(text: str, words: tuple[str, str] | None) -> None:
    assert words_of(text) == words
