"""Plans: the closed list of skills with their typed arguments, and the subgoals composed from it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum

from hybridctl.messages.arrays import MessageError, checked_scalar
from hybridctl.messages.condition import Condition, Predicate

LONGEST_WAIT = 60.0
"""A subgoal waits no longer than this [s]."""


class Skill(Enum):
    """What a subgoal may ask for; the value is the word in the plan's text."""

    LOOK = "look"
    LOCATE = "locate"
    ASK = "ask"
    PICK = "pick"
    PLACE_IN = "place_in"
    PLACE_ON = "place_on"
    PUSH = "push"
    OPEN = "open"
    CLOSE = "close"
    INSERT = "insert"
    HAND_OVER = "hand_over"
    HOME = "home"
    WAIT = "wait"
    DONE = "done"


class Argument(Enum):
    """What kind of phrase a skill takes as its target."""

    NOTHING = "nothing"
    THING = "a thing"
    CONTAINER = "a container"
    SURFACE = "a surface"
    HOLE = "a hole"
    ARTICULATION = "a drawer or door"
    PERSON = "a person"
    QUESTION = "a question"
    PLACE = "a place to look at"


PARTS = ("rim", "handle")
"""Parts of a thing that `pick` may be told to take it by."""
HELD = "{held}"
"""Stands for what is held in a skill's conditions until a subgoal is bound to it."""
_TARGET, _TOWARD = "{target}", "{toward}"


@dataclass(frozen=True)
class Signature:
    """What a skill takes, needs and promises.

    Attributes:
        says: What the skill does, in words.
        target: Kind of its target.
        options: Which of `part`, `toward` and `seconds` it takes, and whether it must have them.
        preconditions: What memory must believe before.
        postconditions: What memory believes after, if the skill succeeded.
    """

    says: str
    target: Argument
    options: dict[str, bool] = field(default_factory=dict)
    preconditions: tuple[Condition, ...] = ()
    postconditions: tuple[Condition, ...] = ()


_EMPTY = Condition(Predicate.HAND_EMPTY)
_HOLDS_SOMETHING = Condition(Predicate.HOLDING, HELD)

SIGNATURES: dict[Skill, Signature] = {
    Skill.LOOK: Signature(
        "bring the wrist camera over a place and see what is there",
        Argument.PLACE,
        postconditions=(Condition(Predicate.SEEN, _TARGET),),
    ),
    Skill.LOCATE: Signature(
        "find a thing in the picture and measure where it is",
        Argument.THING,
        postconditions=(Condition(Predicate.SEEN, _TARGET),),
    ),
    Skill.ASK: Signature(
        "ask the model a question about the picture",
        Argument.QUESTION,
        postconditions=(Condition(Predicate.KNOWN, _TARGET),),
    ),
    Skill.PICK: Signature(
        "grasp a thing and lift it",
        Argument.THING,
        options={"part": False},
        preconditions=(_EMPTY, Condition(Predicate.SEEN, _TARGET)),
        postconditions=(Condition(Predicate.HOLDING, _TARGET),),
    ),
    Skill.PLACE_IN: Signature(
        "put what is held into a container",
        Argument.CONTAINER,
        preconditions=(_HOLDS_SOMETHING, Condition(Predicate.SEEN, _TARGET)),
        postconditions=(_EMPTY, Condition(Predicate.IN, HELD, _TARGET)),
    ),
    Skill.PLACE_ON: Signature(
        "set what is held down on a surface, a card or another thing",
        Argument.SURFACE,
        preconditions=(_HOLDS_SOMETHING, Condition(Predicate.SEEN, _TARGET)),
        postconditions=(_EMPTY, Condition(Predicate.ON, HELD, _TARGET)),
    ),
    Skill.PUSH: Signature(
        "push a thing over the table with closed fingers until it is at another",
        Argument.THING,
        options={"toward": True},
        preconditions=(_EMPTY, Condition(Predicate.SEEN, _TARGET), Condition(Predicate.SEEN, _TOWARD)),
        postconditions=(Condition(Predicate.AT, _TARGET, _TOWARD),),
    ),
    Skill.OPEN: Signature(
        "take a drawer by its handle and pull it open",
        Argument.ARTICULATION,
        preconditions=(_EMPTY, Condition(Predicate.SEEN, _TARGET)),
        postconditions=(_EMPTY, Condition(Predicate.OPEN, _TARGET)),
    ),
    Skill.CLOSE: Signature(
        "push a drawer shut",
        Argument.ARTICULATION,
        preconditions=(_EMPTY, Condition(Predicate.SEEN, _TARGET)),
        postconditions=(Condition(Predicate.CLOSED, _TARGET),),
    ),
    Skill.INSERT: Signature(
        "put what is held into a hole that fits it",
        Argument.HOLE,
        preconditions=(_HOLDS_SOMETHING, Condition(Predicate.SEEN, _TARGET)),
        postconditions=(_EMPTY, Condition(Predicate.INSERTED, HELD, _TARGET)),
    ),
    Skill.HAND_OVER: Signature(
        "give what is held to a person's open hand",
        Argument.PERSON,
        preconditions=(_HOLDS_SOMETHING, Condition(Predicate.SEEN, _TARGET)),
        postconditions=(_EMPTY, Condition(Predicate.WITH, HELD, _TARGET)),
    ),
    Skill.HOME: Signature(
        "go where the arm does not hide the scene",
        Argument.NOTHING,
        postconditions=(Condition(Predicate.AT_HOME),),
    ),
    Skill.WAIT: Signature(
        "stay where the tool is for a time",
        Argument.NOTHING,
        options={"seconds": True},
        postconditions=(Condition(Predicate.AT_REST),),
    ),
    Skill.DONE: Signature(
        "say that nothing is left to do",
        Argument.NOTHING,
        postconditions=(Condition(Predicate.AT_REST),),
    ),
}
"""The closed list: every skill has one."""

_JOINTS = {"part": "by", "toward": "toward"}
"""The word between a target and an option in a plan's text."""


@dataclass(frozen=True)
class Subgoal:
    """One step of a plan: a skill and what it is applied to.

    Attributes:
        skill: One of the closed list.
        target: The phrase that names what it is applied to (`red block`, `drawer`, `is the drawer open`);
            empty for the skills that take none.
        part: `pick`: the part to take it by, one of PARTS; empty where it does not matter.
        toward: `push`: the phrase that names where to.
        seconds: `wait`: how long [s].

    Raises:
        MessageError: an argument is missing, is one that the skill does not take, or is out of range.
    """

    skill: Skill
    target: str = ""
    part: str = ""
    toward: str = ""
    seconds: float = 0.0

    def __post_init__(self) -> None:
        signature, name = SIGNATURES[self.skill], self.skill.value
        takes_target = signature.target is not Argument.NOTHING
        for phrase in (self.target, self.toward):
            if ";" in phrase or "\n" in phrase:
                raise MessageError(f"Subgoal {name}: {phrase!r} holds what separates the steps of a plan")
        if takes_target and not self.target.strip():
            raise MessageError(f"Subgoal {name} names no target, expected {signature.target.value}")
        if not takes_target and self.target:
            raise MessageError(f"Subgoal {name} takes no target, got {self.target!r}")
        for option in ("part", "toward", "seconds"):
            given = bool(getattr(self, option))
            if given and option not in signature.options:
                raise MessageError(f"Subgoal {name} takes no {option}, got {getattr(self, option)!r}")
            if not given and signature.options.get(option, False):
                raise MessageError(f"Subgoal {name} {self.target} lacks {option}")
        if self.part and self.part not in PARTS:
            known = ", ".join(PARTS)
            raise MessageError(
                f"Subgoal {name} {self.target}: part is {self.part!r}, expected one of {known}"
            )
        checked_scalar("Subgoal.seconds", self.seconds, low=0.0, high=LONGEST_WAIT)

    def preconditions(self, *, held: str = "") -> tuple[Condition, ...]:
        """Return what memory must believe before; `held` is what the gripper holds then."""
        return tuple(self._bound(c, held) for c in SIGNATURES[self.skill].preconditions)

    def postconditions(self, *, held: str = "") -> tuple[Condition, ...]:
        """Return what memory believes after success; `held` is what the gripper held before."""
        promised = tuple(self._bound(c, held) for c in SIGNATURES[self.skill].postconditions)
        if self.part:
            promised += (Condition(Predicate.HELD_BY, self.target, self.part),)
        return promised

    def _bound(self, condition: Condition, held: str) -> Condition:
        values = {HELD: held or HELD, _TARGET: self.target, _TOWARD: self.toward}
        return Condition(
            condition.predicate,
            values.get(condition.subject, condition.subject),
            values.get(condition.object, condition.object),
            condition.negated,
        )

    def __str__(self) -> str:
        words = [self.skill.value, self.target]
        for option, joint in _JOINTS.items():
            if getattr(self, option):
                words += [joint, getattr(self, option)]
        if self.seconds:
            words.append(repr(float(self.seconds)).removesuffix(".0"))
        return " ".join(word for word in words if word)


@dataclass(frozen=True)
class Plan:
    """Subgoals in order; an empty plan means that the policy sees nothing it could do."""

    subgoals: tuple[Subgoal, ...]

    def __str__(self) -> str:
        return "; ".join(map(str, self.subgoals)) or "none"

    def held_before(self, index: int) -> str:
        """Return the phrase of what is held when subgoal `index` begins; empty with empty hands."""
        held = ""
        for subgoal in self.subgoals[:index]:
            if subgoal.skill is Skill.PICK:
                held = subgoal.target
            elif _EMPTY in SIGNATURES[subgoal.skill].postconditions:
                held = ""
        return held


def parse_subgoal(text: str) -> Subgoal:
    """Read a subgoal from its text, the inverse of `str(subgoal)`.

    Raises:
        MessageError: the first word is no skill, or the arguments do not fit it.
    """
    word, _, rest = text.strip().partition(" ")
    try:
        skill = Skill(word)
    except ValueError:
        known = ", ".join(s.value for s in Skill)
        raise MessageError(f"{word!r} is no skill, expected one of {known}") from None
    rest = rest.strip()
    if skill is Skill.WAIT:
        return Subgoal(skill, seconds=checked_scalar("wait", rest))  # type: ignore[arg-type]
    for option in SIGNATURES[skill].options:
        match = re.fullmatch(rf"(.+) {_JOINTS[option]} (.+)", rest)
        if match is not None and option == "part" and match[2] in PARTS:
            return Subgoal(skill, match[1], part=match[2])
        if match is not None and option == "toward":
            return Subgoal(skill, match[1], toward=match[2])
    return Subgoal(skill, rest)


def parse_plan(text: str) -> Plan:
    """Read a plan from its text: subgoals separated by semicolons, or `none`.

    Raises:
        MessageError: a subgoal is malformed.
    """
    if text.strip() in ("", "none"):
        return Plan(())
    return Plan(tuple(parse_subgoal(part) for part in text.split(";")))
