"""What each skill of a plan does to the beliefs when it succeeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from hybridctl.messages.plan import Skill, Subgoal
from world_state.articulation import FRACTIONS, LEAST, Articulation
from world_state.attachment import UNATTACHED, Attachment
from world_state.beliefs import Beliefs
from world_state.categorical import Categorical
from world_state.hand import Grip, Hand
from world_state.holding import LIMIT
from world_state.judges import PART_DISTANCES
from world_state.pose import initial
from world_state.prediction.content import Slide, slid, with_content
from world_state.prediction.footing import footings_of
from world_state.prediction.rigid import at_rest, looked_at
from world_state.prediction.support import rest
from world_state.slot import NAMED, Slot, attributes_of
from world_state.transport import carried, inverse

LOOK_STD = 0.006
"""How well a look places a thing [m]."""
LIFT, LIFT_STD = 0.12, 0.05
"""How far a thing is lifted when it is picked, and how far from there the hand may be [m]."""
PLACE_STD = 0.01
"""How far from the middle of where it is put a thing is let go [m]."""
INSERT_STD = 0.003
"""... and from the middle of a hole [m]."""
PUSH_STD, PUSH_TURN = 0.008, 0.3
"""How far from where it is pushed to a thing stops [m], and how far it turns on the way [rad]."""
RELEASE_HEIGHT = 0.02
"""A thing is let go this far above where it is put [m]."""
PULLED, PULLED_STD = 0.95, 0.05
"""Part of its travel that a drawer is open by when it was pulled."""
PUSHED_SHUT_STD = 0.015
"""Part of its travel that a drawer which was pushed shut may still be open by."""
SURE = 4.0
"""Log-odds that a thing is there which a look showed where it was expected [nat]."""
SOMEWHERE, SOMEWHERE_STD = (0.5, 0.0), 0.3
"""Where a thing may be that was looked for and found: on the table before the robot [m], base frame."""
UNKNOWN_EXTENT = (0.05, 0.05, 0.05)
"""Size of a thing that nobody has seen [m]."""


@dataclass(frozen=True)
class Setting:
    """What an effect needs to know besides beliefs and subgoal.

    Attributes:
        now: When the step ends [s].
        table_height: Of the table top in the base frame [m].
        slides: Which way each drawer goes, by its articulation's name. The content of one that is not
            listed is less sure where it is, either way.
    """

    now: float
    table_height: float = 0.0
    slides: Mapping[str, Slide] = field(default_factory=dict)


Effect = Callable[[Beliefs, Subgoal, Setting], Beliefs]


def succeeded(beliefs: Beliefs, subgoal: Subgoal, setting: Setting) -> Beliefs:
    """Return the beliefs after a skill that did what it should, to those before.

    A skill on something that is not known changes what can be changed without it.
    """
    return EFFECTS[subgoal.skill](beliefs, subgoal, setting)


def held_slot(beliefs: Beliefs) -> Slot | None:
    """Return what is believed to be in the hand; None where nothing is, or nobody knows what."""
    grip = beliefs.hand.grip
    return None if grip is None else beliefs.slots.get(grip.slot)


def _looked(beliefs: Beliefs, subgoal: Subgoal, setting: Setting) -> Beliefs:
    """It is seen where it is believed; what is not known yet turns out to be somewhere on the table."""
    slot = beliefs.slot_named(subgoal.target)
    if slot is None:
        return _found(beliefs, subgoal.target, setting)
    pose = slot.pose if slot.status == "held" else looked_at(slot.pose, LOOK_STD)
    seen = slot.corrected_by(
        "seen", stamp=setting.now, pose=pose, last_seen=setting.now, existence=max(slot.existence, SURE)
    )
    return beliefs.with_slot(seen)


def _found(beliefs: Beliefs, phrase: str, setting: Setting) -> Beliefs:
    name, beliefs = beliefs.new_id()
    extent = np.array(UNKNOWN_EXTENT)
    where = np.array([*SOMEWHERE, setting.table_height + extent[2] / 2.0])
    pose = initial(where, np.diag([SOMEWHERE_STD**2, SOMEWHERE_STD**2, LOOK_STD**2]), symmetry=0)
    return beliefs.with_slot(
        Slot(
            id=name, pose=pose, labels=Categorical.of({phrase: NAMED}), attributes=attributes_of(phrase),
            extent=extent, stamp=setting.now, last_seen=setting.now, last_view=where, existence=SURE,
            sources=("seen",),
        )
    )  # fmt: skip


def _unchanged(beliefs: Beliefs, _: Subgoal, __: Setting) -> Beliefs:
    """The arm moves or waits, or an answer comes that nobody can predict better than it is believed."""
    return beliefs


def _picked(beliefs: Beliefs, subgoal: Subgoal, setting: Setting) -> Beliefs:
    slot = beliefs.slot_named(subgoal.target)
    if slot is None:
        return beliefs
    T, T_tool_object = np.array(slot.pose.T), np.eye(4)
    T[2, 3] += LIFT
    if subgoal.part:
        T_tool_object[0, 3] = PART_DISTANCES[subgoal.part]
    held = slot.corrected_by(
        "hand", stamp=setting.now, status="held",
        pose=carried(slot.pose, T, spread=LIFT_STD**2 * np.eye(3)),
        attachment=Attachment("held", "hand", 1.0, T_tool_object),
    )  # fmt: skip
    grip = Grip(slot.id, T_tool_object, float(slot.extent[:2].min()))
    beliefs = with_content(beliefs, slot, held)
    return replace(beliefs, hand=Hand(grip=grip), touch=replace(beliefs.touch, log_odds=LIMIT))


def _placed(beliefs: Beliefs, subgoal: Subgoal, setting: Setting) -> Beliefs:
    """It is let go over the middle, and what is below takes it."""
    place = beliefs.slot_named(subgoal.target)
    return _put(beliefs, place, setting, std=PLACE_STD, settle=True)


def _inserted(beliefs: Beliefs, subgoal: Subgoal, setting: Setting) -> Beliefs:
    """The hole's walls hold it in the middle."""
    place = beliefs.slot_named(subgoal.target)
    return _put(beliefs, place, setting, std=INSERT_STD, settle=False)


def _put(beliefs: Beliefs, place: Slot | None, setting: Setting, *, std: float, settle: bool) -> Beliefs:
    slot, beliefs = held_slot(beliefs), _let_go(beliefs)
    if slot is None:
        return beliefs
    if place is not None and place.id != slot.id:
        inside = next((f for f in footings_of(beliefs, place) if f.kind == "in"), None)
        top = float(place.position[2] + place.extent[2] / 2.0)
        surface = top if inside is None or settle else inside.height
        height = surface + slot.extent[2] / 2.0 + (RELEASE_HEIGHT if settle else 0.0)
        over = at_rest(
            slot.pose,
            np.array([*place.position[:2], height]),
            place.covariance + std**2 * np.eye(3),
        )
        there = replace(slot, pose=over, attachment=UNATTACHED)
        landed = there
        if settle:
            # As if nothing else were there: a thing is set down beside what is on the place, not on that.
            landed = rest(
                replace(beliefs, slots={place.id: place, slot.id: there}), slot.id,
                table_height=setting.table_height, stamp=setting.now, on_purpose=True,
            )  # fmt: skip
        T = inverse(place.pose.T) @ landed.pose.T
        kind = "on" if inside is None else "in"
        landed = landed.corrected_by(
            "hand", stamp=setting.now, status="released", attachment=Attachment(kind, place.id, 1.0, T)
        )
    else:
        landed = rest(beliefs, slot.id, table_height=setting.table_height, stamp=setting.now, on_purpose=True)
    return with_content(beliefs, slot, landed)


def _let_go(beliefs: Beliefs) -> Beliefs:
    return replace(beliefs, hand=Hand(), touch=replace(beliefs.touch, log_odds=-LIMIT))


def _pushed(beliefs: Beliefs, subgoal: Subgoal, setting: Setting) -> Beliefs:
    """It goes straight, and stops where its outline touches that of what it is pushed to."""
    slot, place = beliefs.slot_named(subgoal.target), beliefs.slot_named(subgoal.toward)
    if slot is None or place is None or slot.id == place.id:
        return beliefs
    way = place.position[:2] - slot.position[:2]
    distance = float(np.linalg.norm(way))
    gap = float(slot.extent[:2].max() + place.extent[:2].max()) / 2.0
    mean, covariance = np.array(slot.position), np.array(slot.covariance)
    mean[:2] += way * max(0.0, 1.0 - gap / max(distance, 1e-9))
    covariance[:2, :2] = place.covariance[:2, :2] + PUSH_STD**2 * np.eye(2)
    covariance[:2, 2] = covariance[2, :2] = 0.0
    pose = at_rest(slot.pose, mean, covariance, turn_std=PUSH_TURN)
    pushed = slot.corrected_by("hand", stamp=setting.now, pose=pose)
    return with_content(beliefs, slot, pushed)


def _opened(beliefs: Beliefs, subgoal: Subgoal, setting: Setting) -> Beliefs:
    return _turned(beliefs, subgoal.target, PULLED, PULLED_STD, setting)


def _closed(beliefs: Beliefs, subgoal: Subgoal, setting: Setting) -> Beliefs:
    return _turned(beliefs, subgoal.target, 0.0, PUSHED_SHUT_STD, setting)


def _turned(beliefs: Beliefs, name: str, fraction: float, std: float, setting: Setting) -> Beliefs:
    before = beliefs.articulations.get(name) or Articulation.unknown(name, stamp=setting.now)
    weights = np.maximum(np.exp(-0.5 * ((FRACTIONS - fraction) / std) ** 2), LEAST)
    after = Articulation(name, weights / weights.sum(), setting.now)
    change, spread = after.fraction - before.fraction, float(np.hypot(after.std, before.std))
    beliefs = slid(beliefs, name, change, spread, slide=setting.slides.get(name))
    return beliefs.with_articulation(after)


EFFECTS: Mapping[Skill, Effect] = {
    Skill.LOOK: _looked,
    Skill.LOCATE: _looked,
    Skill.ASK: _unchanged,
    Skill.PICK: _picked,
    Skill.PLACE_IN: _placed,
    Skill.PLACE_ON: _placed,
    Skill.PUSH: _pushed,
    Skill.OPEN: _opened,
    Skill.CLOSE: _closed,
    Skill.INSERT: _inserted,
    Skill.HAND_OVER: _placed,
    Skill.HOME: _unchanged,
    Skill.WAIT: _unchanged,
    Skill.DONE: _unchanged,
}
"""The closed list: every skill has one."""
