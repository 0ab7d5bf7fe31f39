"""Reads beliefs that older versions stored as today's: records outlive the filter that wrote them."""

from __future__ import annotations

from typing import Any

import numpy as np

from hybridctl.messages.arrays import FloatArray
from world_state.attachment import UNATTACHED, Attachment
from world_state.categorical import Categorical
from world_state.hand import Grip, Hand
from world_state.pose import PoseBelief, initial
from world_state.slot import NAMED, REPEATED, YAW_VARIANCE, Slot, attributes_of
from world_state.so3 import about_z
from world_state.store import Event

Json = dict[str, Any]


def belief_delta(event: Event) -> Json:
    """Return what an event changed in the beliefs, in the form of `Beliefs.with_delta`.

    Raises:
        LookupError, TypeError, ValueError: it is none that hybridctl wrote.
    """
    return _from_1(event) if event.schema_version == 1 else event.belief


def _from_1(event: Event) -> Json:
    """Of schema 1: slots keyed by phrase, without identity, pose or existence. The phrase becomes the id."""
    old = event.belief
    if not old:  # as of the tree's events
        return {}
    hand = _hand_from_1(old["hand"])
    delta: Json = {
        "slots": {
            phrase: None if values is None else _slot_from_1(values, hand).to_json()
            for phrase, values in old["slots"].items()
        },
        "hand": hand.to_json(),
        "touch": {"log_odds": old["log_odds"], "width": None, "stamp": event.stamp},
        "stamp": event.stamp,
    }
    if "hand_eye" in old:  # stores from before there were close looks have none
        delta["hand_eye"] = old["hand_eye"]
    return delta


def _slot_from_1(old: Json, hand: Hand) -> Slot:
    phrase, status = old["phrase"], old["source"]
    held = status == "held"
    T = hand.grip.T_tool_object if hand.grip is not None and hand.grip.slot == phrase else None
    return Slot(
        id=phrase, pose=_pose_from_1(old), labels=Categorical.of({phrase: NAMED}),
        attributes=attributes_of(phrase), extent=np.array(old["extent"]), stamp=old["stamp"],
        last_seen=old["stamp"], last_view=np.array(old["last_view"]), status=status,
        sources=("seen",) if status == "seen" else ("hand", "seen"),
        attachment=Attachment("held", "hand", 1.0, T) if held else UNATTACHED,
    )  # fmt: skip


def _pose_from_1(old: Json) -> PoseBelief:
    covariance = np.array(old["covariance"])
    # Of what was only seen, most of the error is what looks from that place share; the sum is the same.
    shared = REPEATED * covariance if old["source"] == "seen" else np.zeros((3, 3))
    seen = old["source"] == "seen"
    return initial(
        np.array(old["position"]), covariance - shared,
        view=np.array(old["last_view"]) if seen else None, bias=shared if seen else None,
        yaw=old["yaw"], yaw_variance=YAW_VARIANCE, symmetry=0 if old["yaw"] is None else 4,
    )  # fmt: skip


def _hand_from_1(old: Json) -> Hand:
    grip = None
    if old["grip"] is not None:
        was = old["grip"]
        T: FloatArray = np.eye(4)
        # The tool points down: its z axis is the thing's, turned over about x.
        T[:3, :3] = np.diag([1.0, -1.0, -1.0]) @ about_z(was["yaw_tool"] or 0.0)
        T[:3, 3] = was["p_tool_object"]
        grip = Grip(was["phrase"], T, was["width"])
    return Hand(intent=old["intent"], releasing=old["releasing"], grip=grip)
