"""One value of beliefs: sharing, deltas, and the way through JSON text and back."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from hybridctl.messages.arrays import MessageError
from world_state.articulation import Articulation
from world_state.attachment import Attachment
from world_state.beliefs import Beliefs
from world_state.categorical import OTHER, Categorical
from world_state.fact import Fact
from world_state.hand import Grip, Hand
from world_state.hand_eye import HandEye
from world_state.holding import Touch
from world_state.motion import observe
from world_state.pose import initial
from world_state.slot import Slot

PHRASES = ["red block", "blue cup", "bowl"]


def a_slot(rng, id):
    pose = initial(
        rng.normal(size=3), 1e-5 * np.eye(3), view=rng.normal(size=3), bias=1e-5 * np.eye(3),
        yaw=rng.uniform(-0.7, 0.7), symmetry=4,
    )  # fmt: skip
    for _ in range(rng.integers(0, 3)):
        pose = observe(
            pose, pose.position + rng.normal(0, 0.002, 3), 1e-5 * np.eye(3), dt=rng.exponential(1.0),
            view=rng.normal(size=3), bias=1e-5 * np.eye(3),
        ).pose  # fmt: skip
    return Slot(
        id=id, pose=pose, labels=Categorical.of({str(rng.choice(PHRASES)): rng.uniform(0.1, 0.9)}),
        attributes={"colour": Categorical.of({"red": rng.uniform()})}, existence=rng.normal(),
        extent=rng.uniform(size=3), stamp=rng.uniform(0, 100), last_seen=rng.uniform(0, 100),
        last_view=rng.normal(size=3), sources=("seen", "hand"), status="held",
        attachment=Attachment("held", "hand", rng.uniform(), np.eye(4)),
    )  # fmt: skip


def changed(beliefs, rng, acts):
    """Return the beliefs after `acts` random changes, births, deaths and no-ops among them."""
    for _ in range(acts):
        act = rng.integers(0, 9)
        if act == 0:
            id, beliefs = beliefs.new_id()
            beliefs = beliefs.with_slot(a_slot(rng, id))
        elif act == 1 and beliefs.slots:
            beliefs = beliefs.with_slot(a_slot(rng, str(rng.choice(list(beliefs.slots)))))
        elif act == 2 and beliefs.slots:
            beliefs = beliefs.without_slot(str(rng.choice(list(beliefs.slots))))
        elif act == 3:
            drawer = Articulation.unknown(str(rng.choice(["drawer", "door"])), stamp=rng.uniform(0, 100))
            beliefs = beliefs.with_articulation(
                drawer.correct({"open": rng.normal(), "closed": 0.0}, stamp=0.0)
            )
        elif act == 4:
            beliefs = beliefs.with_fact(Fact(str(rng.choice(["a", "b"])), rng.normal(), rng.uniform(), 60.0))
        elif act == 5:
            grip = Grip("s1", np.eye(4), rng.uniform()) if rng.random() < 0.5 else None
            beliefs = replace(beliefs, hand=Hand(intent="s2", releasing=bool(rng.random() < 0.5), grip=grip))
        elif act == 6:
            beliefs = replace(beliefs, touch=Touch(rng.normal(), rng.uniform(), rng.uniform()))
        elif act == 7:
            beliefs = replace(beliefs, hand_eye=HandEye(rng.normal(size=2), np.eye(2) * rng.uniform()))
        else:
            beliefs = replace(beliefs, stamp=rng.uniform(0, 100))
    return beliefs


@settings(phases=(Phase.explicit, Phase.reuse, Phase.generate), deadline=None, max_examples=60)
@given(seed=st.integers(0, 100_000), before=st.integers(0, 12), after=st.integers(0, 12))
def test_a_delta_leads_from_one_value_to_the_other_to_the_last_bit(seed, before, after):
    rng = np.random.default_rng(seed)
    a = changed(Beliefs(), rng, before)
    b = changed(a, rng, after)
    for start, end in ((a, b), (b, a), (Beliefs(), b)):
        text = json.dumps(end.delta(start), allow_nan=False)
        again = start.with_delta(json.loads(text))
        assert again.to_json() == end.to_json()
    assert list(a.with_delta(b.delta(a)).slots) == list(b.slots)  # first seen, first named
    assert a.with_delta({}) is a
    assert b.delta(b) == {}


@settings(phases=(Phase.explicit, Phase.reuse, Phase.generate), deadline=None, max_examples=30)
@given(seed=st.integers(0, 100_000), acts=st.integers(0, 20))
def test_a_snapshot_read_from_text_is_the_same_to_the_last_bit(seed, acts):
    beliefs = changed(Beliefs(), np.random.default_rng(seed), acts)
    text = json.dumps(beliefs.to_json(), allow_nan=False)
    assert json.dumps(Beliefs.from_json(json.loads(text)).to_json(), allow_nan=False) == text


def test_a_delta_holds_only_what_changed_and_names_what_went():
    rng = np.random.default_rng(1)
    a = Beliefs()
    for id in ("s1", "s2", "s3"):
        a = a.with_slot(a_slot(rng, id))
    b = a.with_slot(a_slot(rng, "s2")).without_slot("s3")
    delta = b.delta(a)
    assert set(delta["slots"]) == {"s2", "s3"}
    assert delta["slots"]["s3"] is None
    same = a.with_slot(Slot.from_json(a.slots["s1"].to_json()))  # another object, the same belief
    assert same.delta(a) == {}


def test_what_did_not_change_is_shared_and_the_old_value_stays():
    rng = np.random.default_rng(1)
    a = Beliefs().with_slot(a_slot(rng, "s1")).with_slot(a_slot(rng, "s2"))
    b = a.with_slot(a_slot(rng, "s2"))
    assert b.slots["s1"] is a.slots["s1"]
    assert b.slots["s2"] is not a.slots["s2"]
    with pytest.raises(TypeError):
        a.slots["s3"] = a_slot(rng, "s3")


def test_ids_are_never_given_twice():
    first, beliefs = Beliefs().new_id()
    beliefs = beliefs.with_slot(a_slot(np.random.default_rng(0), first)).without_slot(first)
    second, _ = beliefs.new_id()
    assert (first, second) == ("s1", "s2")


def test_a_phrase_names_the_thing_that_is_most_probably_there_and_called_so():
    rng = np.random.default_rng(3)
    slots = [
        replace(a_slot(rng, id), labels=Categorical.of({"cup": p, "bowl": 0.9 - p}), existence=existence)
        for id, p, existence in (("s1", 0.8, -1.0), ("s2", 0.7, 3.0), ("s3", 0.4, 6.0))
    ]
    beliefs = Beliefs()
    for slot in slots:
        beliefs = beliefs.with_slot(slot)
    assert beliefs.slot_named("cup").id == "s2"
    assert beliefs.slot_named("bowl").id == "s3"
    assert beliefs.slot_named("fork") is None
    assert beliefs.slot_named(OTHER) is None


def test_nonsense_is_refused():
    with pytest.raises(MessageError, match="next_id"):
        Beliefs(next_id=0)
    with pytest.raises(MessageError, match="stamp"):
        Beliefs(stamp=np.inf)
    with pytest.raises(MessageError, match=r"Beliefs\.slots"):
        Beliefs(slots={"s9": a_slot(np.random.default_rng(0), "s1")})
