"""Plans: the closed list of skills and the subgoals that a policy composes from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from hybridctl.messages.arrays import MessageError


class Skill(Enum):
    """What a subgoal may ask for; the value is the word in the plan's text."""

    PICK = "pick"
    PLACE_IN = "place_in"


@dataclass(frozen=True)
class Subgoal:
    """One step of a plan: a skill and the phrase that names what it is applied to (`red block`, `bowl`)."""

    skill: Skill
    target: str

    def __post_init__(self) -> None:
        if not self.target.strip():
            raise MessageError(f"Subgoal {self.skill.value} names no target")

    def __str__(self) -> str:
        return f"{self.skill.value} {self.target}"


@dataclass(frozen=True)
class Plan:
    """Subgoals in order; an empty plan means that the policy sees nothing it could do."""

    subgoals: tuple[Subgoal, ...]

    def __str__(self) -> str:
        return "; ".join(map(str, self.subgoals)) or "none"
