"""What the arm feels at a tick: whether something is held, where it is carried, when it leaves the hand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from hybridctl.messages.arm import ArmState
from hybridctl.messages.arrays import FloatArray, checked_scalar, checked_transform
from world_state.beliefs import Beliefs
from world_state.hand import LET_GO, Hand, carry, grasp
from world_state.holding import STEADY, Felt, feel_touch
from world_state.noise import NoiseModel
from world_state.prediction.content import with_content
from world_state.prediction.support import rest
from world_state.readings.reading import Correction, Json

LATELY = 1.0
"""Ticks are not stored, but those of this time go along with one that is [s]. To change from sure to sure
of the contrary takes 0.6 s: filtering anew comes to the same."""
_CAUSES = {True: "grasped", False: "nothing held", None: "not sure"}


@dataclass(frozen=True, eq=False)
class Feeling:
    """One reading of gripper, wrist and joints.

    Attributes:
        felt: What gripper and wrist read.
        T_base_tool: Tool pose at the same instant, shape (4, 4) [m]; the tool lies between the fingers.
        table_height: Of the table top in the base frame, on which things come to rest [m].
        lately: What they read before, the oldest first; what the beliefs know of counts no second time.
    """

    kind: ClassVar[str] = "holding"
    felt: Felt
    T_base_tool: FloatArray
    table_height: float = 0.0
    lately: tuple[Felt, ...] = ()

    def __post_init__(self) -> None:
        T = checked_transform("Feeling.T_base_tool", self.T_base_tool)
        object.__setattr__(self, "T_base_tool", T)
        checked_scalar("Feeling.table_height", self.table_height)

    @classmethod
    def of(
        cls, state: ArmState, T_base_tool: FloatArray, *, commanded_width: float, table_height: float = 0.0,
        after: Self | None = None,
    ) -> Self:  # fmt: skip
        """Return what an arm's state says, the wrist included where it has a sensor and the arm rests.

        `after` is the reading before, whose ticks of LATELY go along.

        Raises:
            MessageError: the pose is no transform, or the width is not finite.
        """
        T = checked_transform("T_base_tool", T_base_tool)
        commanded_width = checked_scalar("commanded_width", commanded_width)
        still = float(np.abs(state.dq).max(initial=0.0)) < STEADY
        pull = None if state.wrench is None or not still else -float(T[2, :3] @ state.wrench[:3])
        felt = Felt(state.gripper_width, state.gripper_force, commanded_width, state.stamp, pull)
        lately = () if after is None else (*after.lately, after.felt)
        since = felt.stamp - LATELY
        return cls(felt, T, table_height, tuple(one for one in lately if since <= one.stamp < felt.stamp))

    @property
    def stamp(self) -> float:
        """When it was felt [s]."""
        return self.felt.stamp

    def correct(self, beliefs: Beliefs, noise: NoiseModel) -> Correction:
        """Correct what is held, and take it along."""
        touch = beliefs.touch
        for felt in (*self.lately, self.felt):
            touch = feel_touch(touch, felt)
        before, now, hand = beliefs.touch.state, touch.state, beliefs.hand
        slots = beliefs.slots
        if now is True and before is not True and hand.grip is None:
            slot = None if hand.intent is None else slots.get(hand.intent)
            grip = None if slot is None else grasp(slot, self.T_base_tool, width=self.felt.width)
            hand = Hand(grip=grip)
        after = replace(beliefs, touch=touch, hand=hand, stamp=max(beliefs.stamp, self.stamp))
        if now is False and hand.grip is not None:
            laid = rest(
                beliefs, hand.grip.slot, table_height=self.table_height, stamp=self.stamp,
                on_purpose=hand.releasing,
            )  # fmt: skip
            surprise = -math.log(1.0 - noise.dropped if hand.releasing else noise.dropped)
            return Correction(
                replace(after, hand=Hand(intent=hand.intent)).with_slot(laid), "let go", surprise
            )
        return Correction(self._followed(after), "" if now is before else _CAUSES[now])

    def _followed(self, beliefs: Beliefs) -> Beliefs:
        """Return the beliefs with what is held moved with the tool, until the fingers open to let it go."""
        hand = beliefs.hand
        if hand.grip is None or (hand.releasing and self.felt.width > hand.grip.width + LET_GO):
            return beliefs
        slot = beliefs.slots[hand.grip.slot]
        return with_content(beliefs, slot, carry(slot, hand.grip, self.T_base_tool, stamp=self.stamp))

    def to_json(self) -> Json:
        """Return it as JSON values; floats survive the round trip exactly."""
        return {
            "felt": [list(astuple(one)) for one in (*self.lately, self.felt)],
            "T_base_tool": self.T_base_tool.tolist(),
            "table_height": self.table_height,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the reading that `to_json` wrote."""
        *lately, felt = (Felt(*one) for one in values["felt"])
        return cls(felt, values["T_base_tool"], values["table_height"], tuple(lately))
