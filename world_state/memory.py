"""The world-state memory that a behavior tree reads: slots, what is held, and relations between things."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

import numpy as np

from hybridctl.messages.arm import ArmState
from hybridctl.messages.arrays import FloatArray, checked_transform
from hybridctl.messages.clock import Clock
from hybridctl.messages.observation import Observation
from hybridctl.messages.policy import LocateAnswer
from world_state.close_looks import CloseLooks
from world_state.depth import ObjectMeasurement, measure
from world_state.errors import MeasurementError, UnknownSlot
from world_state.hand import LET_GO, Grip, Hand, carry, grasp, lay_down
from world_state.hand_eye import HandEye
from world_state.holding import HoldingState, Touch, feel_touch
from world_state.relations import is_inside
from world_state.slot import Slot, correct, first_look, inside_gate, predict
from world_state.store import Event, EventStore

REACH_OF_HAND = 0.08  # [m] a look nearer than this to the tool may be of the thing that is held


EVENT_KINDS = ("seen", "holding", "intent", "forgotten")
"""The kinds of event that a memory writes and reads; others share the store."""


class WorldMemory:
    """Beliefs about the table and the hand; each change of one is an event in the store.

    Called from one thread, the tree's.
    """

    def __init__(self, store: EventStore | None, *, clock: Clock, table_height: float = 0.0) -> None:
        """Start with no belief.

        Args:
            store: Where events go; None keeps none.
            clock: What ages are measured by.
            table_height: Height of the table top in the base frame [m].
        """
        self._store = store
        self._clock = clock
        self._table_height = table_height
        self._slots: dict[str, Slot] = {}
        self._hand = Hand()
        self._touch = Touch()
        self._close_looks = CloseLooks()

    @classmethod
    def from_events(cls, store: EventStore, *, clock: Clock, table_height: float = 0.0) -> Self:
        """Return the memory that wrote the store, as of its last event; it goes on writing there.

        What was believed is read, not filtered anew, so old stores survive a changed filter. Ticks are no
        events: until the next `feel` a held thing is where it was grasped, and the probability of holding is
        that at its last change of state. `clock` must count from the same origin as the one that wrote.

        Raises:
            StoreError: the store cannot be read.
        """
        memory = cls(store, clock=clock, table_height=table_height)
        for event in store.events():
            if event.kind in EVENT_KINDS:
                memory._restore(event)
        return memory

    def see(self, phrase: str, answer: LocateAnswer) -> Slot:
        """Take in where a policy saw a thing, and return what is believed of it now.

        A picture older than the belief changes nothing, nor does one of a held thing near the hand, where
        the fingers hide it. A held thing that is seen standing elsewhere is not held: its grip is forgotten.

        Raises:
            MeasurementError: the picture shows no object there; the belief stays as it was.
        """
        look = measure(answer, table_height=self._table_height)
        before = self._slots.get(phrase)
        if before is None:
            after, cause = first_look(phrase, look), "first look"
        elif look.stamp < before.stamp:
            after, cause = before, "ignored: older than the belief"
        elif before.source != "held":
            after, cause = correct(before, look)
        elif self._near_hand(before, look):
            after, cause = before, "ignored: in the hand"
        else:
            after, cause = first_look(phrase, look), "seen elsewhere while held"
            self._hand = replace(self._hand, grip=None, releasing=False)
        self._slots[phrase] = after
        self._close_looks.begin_anew()
        self._record("seen", cause, stamp=look.stamp, measurement=_look_json(answer, look), changed=(phrase,))
        return after

    def see_close(self, phrase: str, picture: Observation) -> Slot:
        """Take in what a camera on the hand sees where a thing is believed to be, and return the new belief.

        No policy is asked: the belief says where to look. What is found there corrects it, if it may be the
        same thing. Looks from different turns of the hand tell the camera's own constant error from the
        thing's place; what was learned of the camera serves later things.

        Raises:
            UnknownSlot: the memory knows no such thing.
            MeasurementError: the thing is held, the picture is older than the belief or the tool does not
                point down, or nothing that may be the thing stands near where it is believed; the belief
                stays as it was.
        """
        before = self.slot(phrase)
        if before.source == "held":
            raise MeasurementError(f"the {phrase} is held: the fingers hide it from a camera on the hand")
        if picture.stamp < self._slots[phrase].stamp:
            age = self._slots[phrase].stamp - picture.stamp
            raise MeasurementError(f"the picture is {age:.3f} s older than the belief about the {phrase}")
        look, after = self._close_looks.look(before, picture, table_height=self._table_height)
        self._slots[phrase] = after
        self._record(
            "seen", "close look", stamp=look.stamp,
            measurement={"camera": picture.camera, **_measured_json(look)}, changed=(phrase,),
        )  # fmt: skip
        return after

    @property
    def hand_eye(self) -> HandEye:
        """What is believed of the error of the camera on the hand."""
        return self._close_looks.hand_eye

    def feel(self, state: ArmState, T_base_tool: FloatArray, *, commanded_width: float) -> None:
        """Take in what the arm feels, once a tree tick: updates what is held, and where.

        Args:
            state: The arm's reading.
            T_base_tool: Tool pose at the same instant, shape (4, 4) [m]; the tool lies between the fingers.
            commanded_width: Finger distance that the gripper was told to take [m].
        """
        T = checked_transform("T_base_tool", T_base_tool)
        before = self._touch.state
        self._touch = feel_touch(self._touch, state, commanded_width=commanded_width)
        now = self._touch.state
        measurement = {
            "gripper_width": state.gripper_width,
            "gripper_force": state.gripper_force,
            "commanded_width": commanded_width,
            "T_base_tool": T.tolist(),
        }
        if now is True and before is not True and self._hand.grip is None:
            phrase = self._hand.intent
            slot = None if phrase is None else self._slots.get(phrase)
            grip = None if slot is None else grasp(slot, T, width=state.gripper_width)
            self._hand = Hand(grip=grip)
        elif now is False and self._hand.grip is not None:
            phrase = self._put_down(self._hand.grip, stamp=state.stamp)
            self._record("holding", "let go", stamp=state.stamp, measurement=measurement, changed=(phrase,))
            return
        self._follow(state, T)
        if now is not before:
            cause = {True: "grasped", False: "nothing held", None: "not sure"}[now]
            self._record("holding", cause, stamp=state.stamp, measurement=measurement, changed=self._held())

    def intend_grasp(self, phrase: str) -> None:
        """Say what the tree is about to grasp, so that what is then held is known by its name.

        Raises:
            UnknownSlot: the memory knows no such thing.
        """
        self.slot(phrase)
        self._hand = replace(self._hand, intent=phrase, releasing=False)
        self._record("intent", "about to grasp", stamp=self._clock.now(), measurement={}, changed=())

    def intend_release(self) -> None:
        """Say that the tree is about to open the gripper, so that what leaves the hand was not dropped."""
        self._hand = replace(self._hand, intent=None, releasing=True)
        self._record("intent", "about to release", stamp=self._clock.now(), measurement={}, changed=())

    def forget(self, phrase: str) -> None:
        """Drop the belief about a thing.

        Raises:
            UnknownSlot: the memory knows no such thing.
        """
        self.slot(phrase)
        del self._slots[phrase]
        grip, intent = self._hand.grip, self._hand.intent
        self._hand = replace(
            self._hand,
            grip=None if grip is not None and grip.phrase == phrase else grip,
            intent=None if intent == phrase else intent,
        )
        self._record("forgotten", "asked to", stamp=self._clock.now(), measurement={}, changed=(phrase,))

    def slot(self, phrase: str) -> Slot:
        """Return what is believed of a thing, as of now: less sure the longer ago it was seen.

        Raises:
            UnknownSlot: the memory knows no such thing; the error lists those it knows.
        """
        if phrase not in self._slots:
            raise UnknownSlot(phrase, self._slots)
        return predict(self._slots[phrase], self._clock.now())

    def has(self, phrase: str) -> bool:
        """Return whether the memory has a slot for the thing."""
        return phrase in self._slots

    def slots(self) -> tuple[Slot, ...]:
        """Return all slots as of now, in the order in which they were first seen."""
        return tuple(self.slot(phrase) for phrase in self._slots)

    def age(self, phrase: str) -> float:
        """Return how long ago the belief about a thing was last corrected [s].

        Raises:
            UnknownSlot: the memory knows no such thing.
        """
        return max(0.0, self._clock.now() - self.slot(phrase).stamp)

    def holding(self) -> str | None:
        """Return what is held; None when nothing is, when not sure, or when nobody knows what it is."""
        held = self.holding_state()
        return held.phrase if held.state is True else None

    def holding_state(self) -> HoldingState:
        """Return whether something is held (True, False, or None: not sure), how sure, and what it is."""
        phrase = None if self._hand.grip is None else self._hand.grip.phrase
        return HoldingState(self._touch.state, self._touch.probability, phrase)

    def is_in(self, phrase: str, container: str) -> bool | None:
        """Return whether a thing lies in a container; None when one is unknown or the belief too vague.

        A held thing is in nothing; one that may be held is not known to be in anything.
        """
        if phrase == container or phrase not in self._slots or container not in self._slots:
            return None
        if self._hand.grip is not None and self._hand.grip.phrase == phrase:
            return False if self._touch.state is True else None
        return is_inside(self.slot(phrase), self.slot(container))

    def _near_hand(self, held: Slot, look: ObjectMeasurement) -> bool:
        near = float(np.linalg.norm(look.position - held.position)) < REACH_OF_HAND
        return near or inside_gate(held, look)

    def _follow(self, state: ArmState, T_base_tool: FloatArray) -> None:
        """Move the slot of what is held with the tool, until the fingers open to let it go."""
        grip = self._hand.grip
        if grip is None or (self._hand.releasing and state.gripper_width > grip.width + LET_GO):
            return
        slot = self._slots[grip.phrase]
        self._slots[grip.phrase] = carry(slot, grip, T_base_tool, stamp=state.stamp)

    def _put_down(self, grip: Grip, *, stamp: float) -> str:
        """Lay the held thing down where the hand lost it, and return what it is called."""
        self._slots[grip.phrase] = lay_down(
            self._slots[grip.phrase],
            table_height=self._table_height,
            stamp=stamp,
            on_purpose=self._hand.releasing,
        )
        self._hand = Hand(intent=self._hand.intent)
        return grip.phrase

    def _held(self) -> tuple[str, ...]:
        return () if self._hand.grip is None else (self._hand.grip.phrase,)

    def _record(
        self, kind: str, cause: str, *, stamp: float, measurement: dict[str, Any], changed: tuple[str, ...]
    ) -> None:
        """Store an event with the slots that it changed (None for a forgotten one) and the hand."""
        if self._store is None:
            return
        slots = {
            phrase: self._slots[phrase].to_json() if phrase in self._slots else None for phrase in changed
        }
        belief = {
            "slots": slots,
            "hand": self._hand.to_json(),
            "log_odds": self._touch.log_odds,
            "hand_eye": self.hand_eye.to_json(),
        }
        self._store.append(kind, stamp=stamp, cause=cause, measurement=measurement, belief=belief)

    def _restore(self, event: Event) -> None:
        for phrase, values in event.belief["slots"].items():
            if values is None:
                self._slots.pop(phrase, None)
            else:
                self._slots[phrase] = Slot.from_json(values)
        self._hand = Hand.from_json(event.belief["hand"])
        self._touch = Touch(log_odds=event.belief["log_odds"])
        if "hand_eye" in event.belief:  # stores from before there were close looks have none
            self._close_looks = CloseLooks(HandEye.from_json(event.belief["hand_eye"]))


def _look_json(answer: LocateAnswer, look: ObjectMeasurement) -> dict[str, Any]:
    return {
        "pixel": answer.pixel.tolist(),
        "pixel_std": answer.pixel_std.tolist(),
        "log_probability": answer.confidence.log_probability,
        "entropy": answer.confidence.entropy,
        "camera": answer.observation.camera,
        **_measured_json(look),
    }


def _measured_json(look: ObjectMeasurement) -> dict[str, Any]:
    return {
        "position": look.position.tolist(),
        "covariance": look.covariance.tolist(),
        "extent": look.extent.tolist(),
        "grasp_yaw": look.grasp_yaw,
        "yaw_meaningful": look.yaw_meaningful,
        "shape": look.shape,
        "points": look.points,
        "clipped": look.clipped,
        "view": look.view.tolist(),
    }
