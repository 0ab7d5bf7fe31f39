"""A label says the truth of its image."""

import json

import numpy as np
import pytest

from hybridctl.data.rendered import MODES, ImageLabel, SceneRenderer
from hybridctl.sim.palette import COLOURS
from hybridctl.sim.world import GRIPPER_OPEN

Rendered = list[tuple[np.ndarray, ImageLabel]]


def nearest_colour(rgb: np.ndarray) -> str:
    """Return the colour word whose hue direction fits, whatever the light."""
    words = {word: np.array(value) / np.linalg.norm(value) for word, value in COLOURS.items()}
    direction = rgb / max(1.0, float(np.linalg.norm(rgb)))
    return max(words, key=lambda word: float(words[word] @ direction))


def test_a_seed_makes_one_image_and_one_label(renderer: SceneRenderer, rendered: Rendered) -> None:
    for seed in (3, 0, 3, 11):
        image, label = renderer.render(seed, renderer="ray")
        np.testing.assert_array_equal(image, rendered[seed][0])
        assert label == rendered[seed][1]
    assert not np.array_equal(rendered[0][0], rendered[1][0])


def test_another_process_would_make_the_same_image(rendered: Rendered) -> None:
    fresh = SceneRenderer()
    image, label = fresh.render(5, renderer="ray")
    fresh.close()
    np.testing.assert_array_equal(image, rendered[5][0])
    assert label == rendered[5][1]


def test_the_pixel_of_a_visible_object_shows_its_colour(rendered: Rendered) -> None:
    right = []
    for image, label in rendered:
        for thing in label.things[:-1]:
            u, v = (int(value) for value in thing.pixel)
            if thing.visible and 0 <= u < 128 and 0 <= v < 128:
                right.append(nearest_colour(image[v, u].astype(float)) == thing.phrase.split()[0])
    assert len(right) > 100
    assert np.mean(right) > 0.8  # by chance 1 in 8


def test_images_are_128_pixels_square_and_not_blank(rendered: Rendered) -> None:
    for image, _ in rendered:
        assert image.shape == (128, 128, 3)
        assert image.dtype == np.uint8
        assert image.std() > 10


def test_the_bowl_is_the_last_thing_and_the_focus_is_an_object(rendered: Rendered) -> None:
    for _, label in rendered:
        assert label.things[-1].phrase == "bowl"
        assert 0 <= label.focus < len(label.things) - 1
        assert not label.things[-1].held


def test_every_mode_comes_up_and_only_carrying_holds(rendered: Rendered) -> None:
    assert {label.mode for _, label in rendered} == set(MODES)
    for _, label in rendered:
        held = [i for i, thing in enumerate(label.things) if thing.held]
        assert held == ([label.focus] if label.mode == "carry" else [])
        if label.mode == "carry":
            tool, thing = np.array(label.state[:3]), np.array(label.things[label.focus].position)
            assert np.linalg.norm(tool - thing) < 0.02
            assert label.state[6] < GRIPPER_OPEN - 0.03


def test_the_tool_points_down_above_the_table(rendered: Rendered) -> None:
    for _, label in rendered:
        assert len(label.state) == 7
        assert np.abs(label.state[3:5]).max() < 0.15
        assert label.state[2] > 0.04


def test_a_label_survives_json(rendered: Rendered) -> None:
    for _, label in rendered[:10]:
        assert ImageLabel.from_json(json.loads(json.dumps(label.to_json()))) == label


def test_few_things_are_hidden_and_some_are(rendered: Rendered) -> None:
    hidden = [thing for _, label in rendered for thing in label.things if not thing.visible]
    seen = [thing for _, label in rendered for thing in label.things if thing.visible]
    assert hidden, "the arm or an object hides something in some image"
    assert len(seen) > 5 * len(hidden)


@pytest.mark.parametrize("kind", ["vulkan"])
def test_an_unknown_renderer_is_refused(renderer: SceneRenderer, kind: str) -> None:
    with pytest.raises(ValueError, match="expected one of auto, gl, ray"):
        renderer.render(0, renderer=kind)
