"""Expressions resolved on scenes with look-alikes, and what holds of every distribution."""

import math
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from world_state.categorical import Categorical
from world_state.errors import UnknownSlot
from world_state.hand import Grip, Hand
from world_state.holding import Touch

WIDE = [0.14, 0.14, 0.03]


@pytest.fixture
def table(thing, recall):
    """Two red cups and two plates, four blocks, three fruits and a bowl; the near block is the second."""
    slots = [
        thing("red cup", 0.40, -0.20, id="cup_by_plate"),
        thing("red cup", 0.60, 0.25, id="cup_by_itself"),
        thing("blue cup", 0.55, 0.10, id="blue_cup"),
        thing("plate", 0.50, -0.20, id="plate", size=WIDE),
        thing("bowl", 0.65, 0.0, id="bowl", size=[0.15, 0.15, 0.04]),
        thing("red block", 0.65, 0.01, id="in_bowl", size=0.03, z=0.021),
        thing("blue block", 0.45, 0.02, id="blue_block", size=0.04),
        thing("green block", 0.40, 0.12, id="green_block", size=0.055),
        thing("strawberry", 0.50, 0.25, id="strawberry", size=0.032),
        thing("lemon", 0.40, 0.30, id="lemon", size=0.045),
        thing("melon", 0.55, -0.05, id="melon", size=0.058),
    ]

    def ask(**beliefs):
        return recall(*slots, **beliefs)

    return ask


def gripping(slot_id):
    return {"hand": Hand(grip=Grip(slot_id, np.eye(4), 0.04)), "touch": Touch(log_odds=5.0)}


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("the cup next to the plate", "cup_by_plate"),
        ("the red cup right of the bowl", "cup_by_itself"),
        ("the blue cup", "blue_cup"),
        ("the smallest fruit", "strawberry"),
        ("the largest fruit", "melon"),
        ("the biggest block", "green_block"),
        ("the block in the bowl", "in_bowl"),
        ("the red thing in the bowl", "in_bowl"),
        ("the block that is the same colour as the blue cup", "blue_block"),
        ("the fruit nearest to the bowl", "melon"),
        ("the block farthest from the bowl", "green_block"),
        ("the leftmost cup", "cup_by_plate"),
        ("the block between the green block and the melon", "blue_block"),
        ("the fruit left of the block in the bowl", "melon"),
        ("the block in front of the blue block", "in_bowl"),
        ("the cup that is next to the bowl and right of it", None),
        ("the fruit behind the strawberry", "lemon"),
        ("the yellow fruit", "lemon"),
        ("the container next to the melon", "bowl"),
        ("the block larger than the blue block", "green_block"),
    ],
)
def test_an_expression_finds_the_one_that_is_meant(table, text, meant):
    reference = table().refer(text)
    assert reference.best == meant, str(reference)
    if meant is not None:
        assert reference.probabilities[meant] > 0.75
        assert reference.margin > 0.5


def test_look_alikes_share_what_nothing_tells_apart(table):
    reference = table().refer("the red cup")
    assert reference.probabilities["cup_by_plate"] == pytest.approx(0.5, abs=0.02)
    assert reference.probabilities["cup_by_itself"] == pytest.approx(0.5, abs=0.02)
    assert reference.entropy > 0.65
    assert reference.margin < 0.01


def test_it_is_what_is_held_and_the_other_is_not(table):
    asked = table(**gripping("cup_by_plate"))
    for text in ("it", "what I hold", "the cup in my hand", "the thing that I hold"):
        assert asked.refer(text).best == "cup_by_plate", text
    assert asked.refer("the other red cup").best == "cup_by_itself"
    assert asked.refer("the block of its colour").best == "in_bowl"
    assert asked.refer("the cup next to the plate").best is None  # what is held stands beside nothing
    nothing = table().refer("what I hold")
    assert (nothing.best, nothing.p_none) == (None, 1.0)


def test_focus_says_what_was_spoken_of(table):
    asked = table()
    assert asked.refer("the other red cup", focus="cup_by_itself").best == "cup_by_plate"
    assert asked.refer("the block of its colour", focus="blue cup").best == "blue_block"
    with pytest.raises(UnknownSlot, match="green cup"):
        asked.refer("it", focus="green cup")


def test_the_scene_decides_what_a_clause_belongs_to(thing, recall):
    """One plate is on the book, and the cup by it is not: only one reading finds anything."""
    book = thing("book", 0.5, -0.1, size=[0.16, 0.16, 0.016])
    on_book = thing("plate", 0.5, -0.1, id="on_book", z=0.02, size=[0.1, 0.1, 0.008])
    elsewhere = thing("plate", 0.5, 0.2, id="elsewhere", size=[0.1, 0.1, 0.008])
    cups = [thing("red cup", 0.5, -0.22, id="a"), thing("red cup", 0.5, 0.3, id="b")]
    reference = recall(book, on_book, elsewhere, *cups).refer("the cup next to the plate on the book")
    assert reference.best == "a"
    assert reference.reading == "cup next to (the plate on the book)"


def test_what_may_not_be_there_or_may_be_another_colour_leaves_room_for_none(thing, recall):
    doubtful = recall(thing("lemon", 0.5, 0.0, exists=0.0))
    assert doubtful.refer("the lemon").p_none == pytest.approx(0.5, abs=0.02)
    colour = Categorical.of({"red": 0.6, "pink": 0.4})
    maybe_red = thing(
        "block", 0.5, 0.0, attributes={"kind": Categorical.of({"block": 0.99}), "colour": colour}
    )
    assert recall(maybe_red).refer("the red block").probabilities["block"] == pytest.approx(0.6, abs=0.02)
    assert recall().refer("the red block").p_none == 1.0


def test_a_thing_that_is_known_by_a_phrase_of_relations_is_found_by_it(thing, recall):
    named = thing("cup next to the plate", 0.5, 0.0, id="named")
    assert recall(named).refer("the cup next to the plate").best == "named"


def scenes(draw, thing):
    kinds = draw(st.lists(st.sampled_from(["red cup", "blue cup", "red block", "plate", "lemon", "plum"]),
                          min_size=1, max_size=7))  # fmt: skip
    spot = st.tuples(st.floats(0.3, 0.7), st.floats(-0.3, 0.3))
    return [
        thing(
            kind,
            *draw(spot),
            id=f"s{i}",
            size=draw(st.floats(0.03, 0.06)),
            std=draw(st.floats(0.001, 0.05)),
            exists=draw(st.floats(-2.0, 6.0)),
            p=draw(st.floats(0.5, 0.99)),
        )
        for i, kind in enumerate(kinds)
    ]


@settings(max_examples=60, phases=(Phase.explicit, Phase.generate), deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(
    data=st.data(),
    text=st.sampled_from(
        [
            "the cup next to the plate",
            "the smallest fruit",
            "the red thing left of the lemon",
            "the other cup",
            "it",
            "the thing nearest to the red block",
            "the block that is the same colour as the cup",
            "the cup between the lemon and the plate",
            "the cup next to the plate on the block",
        ]
    ),
)
def test_probabilities_sum_to_one_and_follow_their_slots_when_these_are_permuted(thing, recall, data, text):
    slots = scenes(data.draw, thing)
    order = data.draw(st.permutations(range(len(slots))))
    renamed = {slot.id: f"t{k}" for k, slot in enumerate(slots)}
    p = recall(*slots, **gripping("s0")).refer(text)
    moved = [_with_id(slots[i], renamed[slots[i].id]) for i in order]
    q = recall(*moved, **gripping(renamed["s0"])).refer(text)
    assert sum(p.probabilities.values()) + p.p_none == pytest.approx(1.0, abs=1e-9)
    assert min(p.probabilities.values()) >= 0.0
    assert q.p_none == pytest.approx(p.p_none, abs=1e-9)
    for slot, value in p.probabilities.items():
        assert q.probabilities[renamed[slot]] == pytest.approx(value, abs=1e-9)


def _with_id(slot, new):
    return replace(slot, id=new)


@pytest.mark.parametrize("text", ["the red cup", "the smallest fruit", "the leftmost cup"])
def test_the_distribution_is_that_of_drawing_worlds_and_picking_one_that_fits(thing, recall, text):
    """Counted: which exist and are what they are called, how large and where each is, and one that fits."""
    rng = np.random.default_rng(3)
    phrases = ["red cup", "red cup", "blue cup", "lemon", "plum", "strawberry"]
    slots = [
        thing(phrase, rng.uniform(0.4, 0.6), rng.uniform(-0.05, 0.05), id=f"s{i}", std=0.02,
              size=rng.uniform(0.035, 0.045), exists=rng.uniform(-1, 2), p=0.8, attributes={})
        for i, phrase in enumerate(phrases)
    ]  # fmt: skip
    reference = recall(*slots).refer(text)
    n = 40_000
    there = rng.random((n, 6)) < [slot.p_exists * slot.labels.p(slot.phrase) for slot in slots]
    wanted = {"the red cup": [0, 1], "the smallest fruit": [3, 4, 5], "the leftmost cup": [0, 1, 2]}[text]
    fits = there & np.isin(np.arange(6), wanted)
    if text == "the red cup":
        score = rng.random((n, 6))
    elif text == "the smallest fruit":
        score = np.array([slot.extent[0] for slot in slots]) + 0.003 * rng.standard_normal((n, 6))
    else:
        score = np.array([slot.position[1] for slot in slots]) + 0.02 * rng.standard_normal((n, 6))
    pick = np.where(fits, score, math.inf).argmin(axis=1)
    found = fits.any(axis=1)
    for k, slot in enumerate(slots):
        assert reference.probabilities[slot.id] == pytest.approx(
            float((found & (pick == k)).mean()), abs=0.02
        )
    assert reference.p_none == pytest.approx(float((~found).mean()), abs=0.02)


def test_twenty_things_are_referred_to_within_a_few_milliseconds(thing, recall):
    rng = np.random.default_rng(5)
    kinds = [
        "red cup",
        "blue cup",
        "plate",
        "red block",
        "blue block",
        "lemon",
        "plum",
        "bowl",
        "red ball",
        "melon",
    ]
    slots = [
        thing(kinds[i % 10], rng.uniform(0.3, 0.7), rng.uniform(-0.3, 0.3), id=f"s{i}") for i in range(20)
    ]
    asked = recall(*slots, now=1.0)
    for text in ("the cup next to the plate", "the smallest fruit", "the red thing left of the bowl"):
        asked.refer(text)
        took = []
        for _ in range(15):
            begin = time.perf_counter()
            asked.refer(text)
            took.append(time.perf_counter() - begin)
        assert min(took) < 0.010, f"{text}: {min(took) * 1e3:.1f} ms"
