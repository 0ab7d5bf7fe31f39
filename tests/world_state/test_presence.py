"""What depth says of known things that nobody pointed at."""

from dataclasses import replace

import numpy as np
import pytest

from world_state.depth import measure
from world_state.naming import newborn
from world_state.noise import NoiseModel
from world_state.presence import Glance, glances


@pytest.fixture
def look(tabletop, shapes):
    """Things as they were seen on a first table, and what a second table says of them."""

    def ask(before, after, points):
        table = tabletop(before)
        slots = []
        for k, (name, point) in enumerate(points.items()):
            answer = table.locate(point)
            slots.append(newborn(((name, 0.95),), measure(answer), id=f"s{k + 1}", noise=NoiseModel()))
        later = tabletop(after)
        picture = later.locate((0.5, 0.0, 0.0), stamp=1.0).observation
        return {g.slot: g.says for g in glances(picture, slots, T_base_camera=later.T_base_camera)}

    return ask


BLOCK, BALL, BOWL = (0.5, 0.1, 0.0225), (0.6, 0.05, 0.0225), (0.5, -0.1, 0.02)


def test_what_stands_where_it_was_is_present_and_what_was_taken_is_absent(look, shapes):
    block, ball, bowl = (
        shapes[kind](*place[:2]) for kind, place in (("block", BLOCK), ("ball", BALL), ("bowl", BOWL))
    )
    points = {"block": BLOCK, "ball": BALL, "bowl": BOWL}
    everything = block + ball + bowl
    assert look(everything, everything, points) == {"s1": "present", "s2": "present", "s3": "present"}
    assert look(everything, ball, points) == {"s1": "absent", "s2": "present", "s3": "absent"}


def test_a_nudge_by_half_its_width_is_no_absence(look, shapes):
    before, after = shapes["block"](*BLOCK[:2]), shapes["block"](0.5, 0.122)
    assert look(before, after, {"block": BLOCK}).get("s1") != "absent"


def test_what_stands_behind_something_taller_is_hidden(look, shapes):
    block = shapes["block"](0.5, 0.0)
    wall = '<geom type="box" size="0.01 0.1 0.08" pos="0.58 0 0.08"/>'
    assert look(block, wall, {"block": (0.5, 0.0, 0.0225)}) == {}


def test_something_flat_in_its_place_says_nothing(look, shapes):
    plate = '<geom type="box" size="0.02 0.02 0.008" pos="0.5 0.1 0.008"/>'
    assert look(shapes["block"](*BLOCK[:2]), plate, {"block": BLOCK}) == {}


def test_what_is_outside_the_image_says_nothing(look, shapes, tabletop):
    near = shapes["block"](0.5, 0.1)
    table = tabletop(near)
    picture = table.locate(BLOCK).observation
    slot = newborn((("block", 0.95),), measure(table.locate(BLOCK)), id="s1", noise=NoiseModel())
    T = np.array(slot.pose.T)
    T[:3, 3] = (0.5, 2.0, 0.0225)
    away = replace(slot, pose=slot.pose.at(T))
    assert glances(picture, [away], T_base_camera=table.T_base_camera) == ()


def test_a_glance_survives_json():
    glance = Glance("s1", np.array([0.1 + 0.2, 0.0, 1 / 3]), "absent", 0.03)
    assert Glance.from_json(glance.to_json()).to_json() == glance.to_json()


def test_a_bowl_that_the_image_border_cut_is_not_taken_for_gone(tabletop, shapes):
    table = tabletop(shapes["bowl"](0.64, 0.2))
    answer = table.locate((0.64, 0.2, 0.02))
    seen = measure(answer)
    slot = newborn((("bowl", 0.95),), seen, id="s1", noise=NoiseModel())
    said = glances(answer.observation, [slot], T_base_camera=table.T_base_camera)
    assert [glance.says for glance in said] != ["absent"]
