"""A VlaPolicy that knows the truth: what the classical half can do with perfect answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hybridctl.data.expert import expert_action
from hybridctl.messages.action import ActionSpec
from hybridctl.messages.arrays import FloatArray
from hybridctl.messages.plan import Plan, Skill, Subgoal
from hybridctl.messages.policy import (
    ActAnswer,
    ActRequest,
    Confidence,
    LocateAnswer,
    LocateRequest,
    PlanAnswer,
    PlanRequest,
)
from hybridctl.messages.tool_state import tool_state
from hybridctl.sim.fixtures import BOWL_HEIGHT
from hybridctl.sim.table_scene import words_of
from hybridctl.sim.truth import true_bowl, true_objects
from hybridctl.sim.world import SimWorld

if TYPE_CHECKING:
    from hybridctl.vla.action_tokens import ActionTokenizer

_SURE = Confidence(log_probability=0.0, entropy=0.0)


class _Aim(NamedTuple):
    """Where a thing is [m], its yaw if it is square [rad], and the height of its top [m]."""

    position: FloatArray
    yaw: float | None
    top: float


class ExpertPolicy:
    """Answers from simulator truth through the same bins as the model: an upper bound, and a test double."""

    def __init__(self, world: SimWorld, tokenizer: ActionTokenizer) -> None:
        self._world = world
        self._actions = tokenizer

    @property
    def action_spec(self) -> ActionSpec:
        """The model's."""
        return self._actions.spec

    def plan(self, request: PlanRequest) -> PlanAnswer:
        """Plan by the words of the instruction."""
        words = words_of(request.instruction)
        phrase = " ".join(words) if words else ""
        known = {thing.phrase for thing in true_objects(self._world)}
        subgoals: tuple[Subgoal, ...] = ()
        if phrase in known:
            subgoals = (Subgoal(Skill.PICK, phrase),)
            if "bowl" in request.instruction:
                subgoals += (Subgoal(Skill.PLACE_IN, "bowl"),)
        plan = Plan(subgoals)
        return PlanAnswer(plan=plan, text=f"Plan: {plan}", stamp=request.observation.stamp, confidence=_SURE)

    def act(self, request: ActRequest) -> ActAnswer:
        """Return the expert's action, discretised."""
        thing = self._thing(request.subgoal.target)
        observation = request.observation
        state = tool_state(observation.T_base_tool, observation.arm.gripper_width)
        values = expert_action(
            request.subgoal.skill,
            state,
            thing.position,
            yaw=thing.yaw,
            top=thing.top,
        )
        tokens = tuple(int(b) for b in self._actions.encode(values))
        return ActAnswer(
            action=self._actions.action(tokens),
            tokens=tokens,
            pixel=self._pixel(request, thing),
            T_base_tool=observation.T_base_tool,
            stamp=observation.stamp,
            confidence=_SURE,
        )

    def locate(self, request: LocateRequest) -> LocateAnswer:
        """Return the true pixel."""
        return LocateAnswer(
            pixel=self._pixel(request, self._thing(request.phrase)),
            pixel_std=np.array([0.5, 0.5]),
            observation=request.observation,
            confidence=_SURE,
        )

    def _thing(self, phrase: str) -> _Aim:
        if phrase == "bowl":
            position = true_bowl(self._world) + np.array([0.0, 0.0, 0.02])
            return _Aim(position, None, BOWL_HEIGHT)
        thing = next(thing for thing in true_objects(self._world) if thing.phrase == phrase)
        return _Aim(thing.position, thing.yaw if thing.shape == "block" else None, thing.height)

    @staticmethod
    def _pixel(request: ActRequest | LocateRequest, thing: _Aim) -> np.ndarray:
        observation = request.observation
        R, p = observation.T_base_camera[:3, :3], observation.T_base_camera[:3, 3]
        u, v, w = observation.K @ (R.T @ (thing.position - p))
        return np.array([u / w, v / w])
