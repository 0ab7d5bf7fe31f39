"""Relations as probabilities: both ways, unsure, against counted samples, and calibrated on noisy beliefs."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from world_state.attachment import Attachment
from world_state.pose import initial
from world_state.relations import (
    ASIDE,
    AT_GAP,
    BESIDE_GAP,
    BETWEEN_OFF,
    RELATIONS,
    is_inside,
    outline,
    p_related,
)
from world_state.scene import Scene

FLAT = [0.15, 0.15, 0.04]


def scene_of(*slots, held=()):
    return Scene({slot.id: slot for slot in slots}, 0.0, dict(held))


def related(name, thing, *landmarks, among=(), **options):
    return p_related(scene_of(thing, *landmarks, *among, **options), name, thing, *landmarks)


@pytest.mark.parametrize(
    ("x", "std", "expected"),
    [(0.5, 0.002, True), (0.55, 0.002, True), (0.62, 0.002, False), (0.575, 0.002, None), (0.5, 0.1, None)],
)
def test_inside_outside_and_too_close_to_call(thing, x, std, expected):
    bowl = thing("bowl", 0.5, 0.0, size=FLAT, std=0.001)
    assert is_inside(thing("ball", x, 0.0, std=std, size=0.04, z=0.02), bowl) is expected


def test_what_stands_on_the_rim_is_not_in_the_bowl_but_what_is_tall_and_stands_on_its_floor_is(thing):
    bowl = thing("bowl", 0.5, 0.0, size=FLAT)
    assert related("in", thing("block", 0.5, 0.0, z=0.04 + 0.0225), bowl) < 0.01
    assert related("in", thing("soda can", 0.5, 0.0, size=[0.05, 0.05, 0.085], z=0.006 + 0.0425), bowl) > 0.99


@pytest.mark.parametrize(
    ("x", "z", "low", "high"),
    [(0.5, 0.0305, 0.99, 1.0), (0.6, 0.0305, 0.0, 0.01), (0.57, 0.0305, 0.4, 0.6), (0.5, -0.02, 0.0, 0.01)],
)
def test_on_is_over_the_footprint_and_above(thing, x, z, low, high):
    plate = thing("plate", 0.5, 0.0, size=[0.14, 0.14, 0.008])
    assert low <= related("on", thing("block", x, 0.0, z=z), plate) <= high


def test_on_a_bowl_is_in_it(thing):
    bowl, ball = thing("bowl", 0.5, 0.0, size=FLAT), thing("ball", 0.5, 0.0, size=0.02, z=0.016)
    assert related("on", ball, bowl) == pytest.approx(related("in", ball, bowl), abs=0.06)
    assert related("on", ball, bowl) > 0.93


def test_a_turned_book_has_the_footprint_of_its_turn(thing):
    book = thing("book", 0.5, 0.0, size=[0.14, 0.06, 0.016])
    for yaw, expected in ((0.0, 0.0), (0.7 - math.pi / 2, 0.0), (0.7, 1.0)):
        turned = replace(book, pose=initial(book.position, np.eye(3) * 1e-6, yaw=yaw, symmetry=2))
        along = [0.5 + 0.06 * math.cos(0.7), 0.06 * math.sin(0.7)]
        assert related("on", thing("block", *along, z=0.04), turned) == pytest.approx(expected, abs=0.05)


def test_what_is_held_rests_nowhere(thing):
    bowl, ball = thing("bowl", 0.5, 0.0, size=FLAT), thing("ball", 0.5, 0.0, size=0.02, z=0.016)
    for name in ("in", "on", "at", "next to", "inserted"):
        assert related(name, ball, bowl, held=[("ball", 1.0)]) == 0.0
        assert related(name, ball, bowl, held=[("ball", 0.5)]) == pytest.approx(
            0.5 * related(name, ball, bowl)
        )


def test_being_attached_speaks_for_in_until_the_place_rules_it_out(thing):
    bowl = thing("bowl", 0.5, 0.0, size=FLAT)
    within = Attachment("in", "bowl", 0.95)
    vague = thing("ball", 0.5, 0.0, size=0.02, z=0.016, std=0.1)
    assert related("in", vague, bowl) < 0.5
    assert related("in", replace(vague, attachment=within), bowl) > 0.95
    taken_out = thing("ball", 0.8, 0.0, size=0.02, z=0.016, attachment=within)
    assert related("in", taken_out, bowl) < 0.01


@pytest.mark.parametrize(
    ("name", "dx", "dy"),
    [("left of", 0, -0.1), ("right of", 0, 0.1), ("in front of", 0.1, 0), ("behind", -0.1, 0)],
)
def test_sides_are_those_of_a_person_who_faces_the_robot(thing, name, dx, dy):
    mark = thing("plate", 0.5, 0.0, size=FLAT)
    assert related(name, thing("cup", 0.5 + dx, dy), mark) > 0.99
    assert related(name, thing("cup", 0.5 - dx, -dy), mark) < 0.01
    edge = ASIDE / 0.1
    assert related(name, thing("cup", 0.5 + edge * dx, edge * dy), mark) == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize(("name", "gap"), [("at", AT_GAP), ("next to", BESIDE_GAP)])
def test_gaps_are_between_the_circles_about_both_outlines(thing, name, gap):
    plate = thing("plate", 0.5, 0.0, size=FLAT)
    reach = gap + outline(plate) + 0.0225
    assert related(name, thing("block", 0.5, reach - 0.015), plate) > 0.99
    assert related(name, thing("block", 0.5, reach), plate) == pytest.approx(0.5, abs=0.02)
    assert related(name, thing("block", 0.5, reach + 0.015), plate) < 0.01


def test_next_to_is_only_the_nearest_of_its_kind(thing):
    plate = thing("plate", 0.5, 0.0, size=FLAT)
    near, far = thing("red cup", 0.5, 0.12), thing("blue cup", 0.5, -0.14)
    assert related("next to", near, plate, among=[far]) > 0.99
    assert related("next to", far, plate, among=[near]) < 0.06  # as sure as that the other is a cup
    equal = thing("blue cup", 0.5, -0.12)
    assert related("next to", equal, plate, among=[near]) == pytest.approx(0.5, abs=0.03)
    block = thing("red block", 0.5, 0.11)
    assert related("next to", near, plate, among=[block]) > 0.99


def test_inserted_is_over_the_hole_and_sunk(thing):
    socket = thing("hole", 0.5, 0.0, size=[0.1, 0.1, 0.045])
    sizes = {"size": [0.03, 0.03, 0.08]}
    assert related("inserted", thing("peg", 0.5, 0.0, z=0.045, **sizes), socket) > 0.99
    assert related("inserted", thing("peg", 0.5, 0.0, z=0.085, **sizes), socket) < 0.01
    assert related("inserted", thing("peg", 0.54, 0.0, z=0.045, **sizes), socket) < 0.01


def test_between_is_near_the_line_and_beyond_neither_end(thing):
    a, b = thing("plate", 0.4, -0.1), thing("book", 0.6, 0.1)
    assert related("between", thing("cup", 0.5, 0.0), a, b) > 0.99
    assert related("between", thing("cup", 0.7, 0.2), a, b) < 0.01
    assert related("between", thing("cup", 0.45, 0.05), a, b) < 0.01
    off = BETWEEN_OFF / math.sqrt(2)
    edge = thing("cup", 0.5 + off, -off)
    assert related("between", edge, a, b) == pytest.approx(0.5, abs=0.02)
    assert related("between", edge, b, a) == pytest.approx(related("between", edge, a, b))


def test_colours_kinds_and_sizes_compare(thing):
    red, cup, lemon = thing("red block", 0.4, 0, size=0.03), thing("red cup", 0.5, 0), thing("lemon", 0.6, 0)
    assert related("same colour as", red, cup) > 0.9 > 0.1 > related("same colour as", red, lemon)
    assert (
        related("same kind as", cup, thing("blue cup", 0.7, 0))
        > 0.9
        > 0.1
        > related("same kind as", red, cup)
    )
    assert related("smaller than", red, cup) > 0.99 > 0.01 > related("larger than", red, cup)
    assert related("smaller than", cup, lemon) == pytest.approx(0.5)


def test_a_relation_that_is_not_known_or_takes_other_landmarks_is_refused(thing):
    a, b = thing("cup", 0.5, 0), thing("plate", 0.6, 0)
    with pytest.raises(ValueError, match=r"known are .*left of"):
        related("under", a, b)
    with pytest.raises(ValueError, match="takes 2 landmarks, got 1"):
        related("between", a, b)
    assert related("at", a, a) == 0.0


def truth_of(name, p, a, b, *rest):
    """What a relation means of exact centres, shape (n, 2): written out again, to count samples by."""
    d = p[a] - p[b]
    across = np.linalg.norm(d, axis=-1)
    if name == "in":
        return across < 0.075
    if name == "left of":
        return -d[..., 1] > ASIDE
    if name == "behind":
        return -d[..., 0] > ASIDE
    if name == "at":
        return across - 0.0225 - 0.075 < AT_GAP
    if name == "next to":
        gaps = [np.linalg.norm(p[r] - p[b], axis=-1) for r in rest]
        return (across - 0.0225 - 0.075 < BESIDE_GAP) & np.all([across < gap for gap in gaps], axis=0)
    way = p[rest[0]] - p[b]
    length = np.linalg.norm(way, axis=-1)
    along = (d * way).sum(-1) / length
    off = np.abs(way[..., 0] * d[..., 1] - way[..., 1] * d[..., 0]) / length
    return (along > 0) & (along < length) & (off < BETWEEN_OFF)


KINDS = ("red block", "bowl", "blue block", "green block")


def sampled_world(rng, thing):
    """True centres, and a belief about each that errs by as much as it says."""
    stds = rng.choice([0.003, 0.01, 0.03], size=4)
    middle = rng.uniform([0.4, -0.2], [0.65, 0.2])
    true = middle + rng.uniform(-0.16, 0.16, size=(4, 2))
    seen = true + stds[:, None] * rng.standard_normal((4, 2))
    sizes = {"bowl": FLAT}
    slots = [thing(k, *p, std=s, size=sizes.get(k, 0.045)) for k, p, s in zip(KINDS, seen, stds, strict=True)]
    return true, seen, stds, slots


ARGUMENTS = {"in": (0, 1), "left of": (0, 1), "behind": (0, 1), "at": (0, 1), "next to": (0, 1, 2, 3),
             "between": (0, 1, 2)}  # fmt: skip


@pytest.mark.parametrize("name", ARGUMENTS)
def test_probabilities_agree_with_counted_samples(thing, name):
    rng = np.random.default_rng(7)
    errors = []
    for _ in range(60):
        _, seen, stds, slots = sampled_world(rng, thing)
        cloud = seen[:, None] + stds[:, None, None] * rng.standard_normal((4, 4000, 2))
        counted = float(truth_of(name, cloud, *ARGUMENTS[name]).mean())
        marks = slots[1 : 1 + RELATIONS[name].landmarks]
        errors.append(abs(related(name, slots[0], *marks, among=slots[1:]) - counted))
    assert max(errors) < {"next to": 0.08, "between": 0.25}.get(name, 0.03)
    assert np.mean(errors) < (0.04 if name == "between" else 0.02)


def test_believed_relations_are_as_often_true_as_they_say(thing):
    """Expected calibration error over ten bins, on beliefs that err as they say."""
    rng = np.random.default_rng(11)
    found = {name: ([], []) for name in ("in", "left of", "next to", "between")}
    for _ in range(1500):
        true, _, _, slots = sampled_world(rng, thing)
        scene = scene_of(*slots)
        for name, (said, so) in found.items():
            marks = slots[1 : 1 + RELATIONS[name].landmarks]
            said.append(p_related(scene, name, slots[0], *marks))
            so.append(bool(truth_of(name, true, *ARGUMENTS[name])))
    for name, (said, so) in found.items():
        p, y = np.array(said), np.array(so)
        bins = np.minimum((p * 10).astype(int), 9)
        ece = sum(abs(p[bins == k].mean() - y[bins == k].mean()) * (bins == k).mean() for k in set(bins))
        assert ece <= 0.05, f"{name}: {ece:.3f}"
        assert 0.02 < y.mean() < 0.98


@settings(
    max_examples=60,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    near=st.floats(0.0, 0.3), further=st.floats(0.001, 0.15), bearing=st.floats(-math.pi, math.pi),
    std=st.floats(0.002, 0.05), x=st.floats(-0.2, 0.2), y=st.floats(-0.2, 0.2),
)  # fmt: skip
def test_farther_away_is_never_more_next_to_nor_more_at(thing, near, further, bearing, std, x, y):
    plate, rival = thing("plate", 0.5, 0.0, size=FLAT, std=0.005), thing("blue cup", 0.5 + x, y, std=std)
    for name in ("next to", "at", "in"):
        p = [
            related(
                name,
                thing("red cup", 0.5 + d * math.cos(bearing), d * math.sin(bearing), std=std),
                plate,
                among=[rival],
            )
            for d in (near, near + further)
        ]
        assert p[1] <= p[0] + 1e-6
