"""What is expected of the beliefs after one step of a plan, and what the step lacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hybridctl.messages.condition import Condition
from hybridctl.messages.plan import Subgoal
from world_state.beliefs import Beliefs
from world_state.prediction.content import Slide
from world_state.prediction.effects import Setting, succeeded
from world_state.prediction.mixture import mixture
from world_state.prediction.requirements import Requirement, requirements

SUCCESS = 0.9
"""Probability that a step does what it should if nothing is in its way, where nobody says otherwise. A round
number, not a measured one: who has counted his own robot's steps passes what he counted."""


@dataclass(frozen=True, eq=False)
class Imagined:
    """What one step leads to.

    Attributes:
        beliefs: Expected afterwards.
        requirements: What the step needs, as believed before it.
    """

    beliefs: Beliefs
    requirements: tuple[Requirement, ...]

    @property
    def unmet(self) -> tuple[Condition, ...]:
        """The preconditions that are not believed: false, or not sure."""
        return tuple(r.condition for r in self._lacking if r.condition is not None)

    @property
    def why(self) -> str:
        """Everything that is in the way, in words; empty where nothing is."""
        return "; ".join(r.problem for r in self._lacking)

    @property
    def _lacking(self) -> tuple[Requirement, ...]:
        return tuple(r for r in self.requirements if r.truth is not True)


def imagine(
    beliefs: Beliefs,
    subgoal: Subgoal,
    now: float,
    *,
    success: float = SUCCESS,
    table_height: float = 0.0,
    slides: Mapping[str, Slide] | None = None,
) -> Imagined:
    """Return what a step leads to; the beliefs that it is asked of stay as they are.

    Args:
        beliefs: Before the step.
        subgoal: The step.
        now: When it is done [s].
        success: Probability that it does what it should; the rest of the time all stays as before, or the
            thing is lost. It holds whether or not something is in the way: `requirements` says that.
        table_height: Of the table top in the base frame [m].
        slides: Which way each drawer goes, by its articulation's name.
    """
    setting = Setting(now, table_height, slides or {})
    after = mixture(beliefs, succeeded(beliefs, subgoal, setting), success)
    return Imagined(after, requirements(beliefs, subgoal, now))
