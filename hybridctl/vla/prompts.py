"""Prompts in RT-2's form, and the phrasings of instructions that the embedded model is trained on."""

from __future__ import annotations

from hybridctl.messages.plan import Skill, Subgoal

COLOUR_WORDS = ("red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink")
SHAPE_WORDS = ("block", "ball", "cylinder")
CONTAINER_WORDS = ("bowl",)
SKILLS = (Skill.PICK, Skill.PLACE_IN)
"""The skills of the closed list that the embedded model has learned."""

PUT_INSTRUCTIONS = (
    "put the {o} in the bowl",
    "put the {o} into the bowl",
    "place the {o} in the bowl",
    "place the {o} into the bowl",
    "move the {o} to the bowl",
    "move the {o} into the bowl",
    "drop the {o} in the bowl",
    "bring the {o} to the bowl",
    "pick up the {o} and put it in the bowl",
    "take the {o} and place it in the bowl",
    "grab the {o} and drop it into the bowl",
    "please put the {o} in the bowl",
    "the {o} goes in the bowl",
    "i want the {o} in the bowl",
    "get the {o} into the bowl",
)
PICK_INSTRUCTIONS = (
    "pick the {o}",
    "pick up the {o}",
    "grasp the {o}",
    "grab the {o}",
    "lift the {o}",
    "take the {o}",
    "please pick up the {o}",
)


def plan_prompt(instruction: str) -> str:
    """Return the question for a plan; the answer follows `A: Plan:`."""
    return f"Q: what is the plan to {instruction}? A: Plan:"


def act_prompt(subgoal: Subgoal, state_bins: list[int]) -> str:
    """Return RT-2's action question with the tool's state as integers; the answer follows `A:`."""
    state = " ".join(str(value) for value in state_bins)
    return f"Q: what action should the robot take to {subgoal_words(subgoal)}? tool {state} A:"


def locate_prompt(phrase: str) -> str:
    """Return the question for a pixel; the answer follows `A:`."""
    return f"Q: where is the {phrase}? A:"


def subgoal_words(subgoal: Subgoal) -> str:
    """Return a subgoal in words, `pick the red block`; skills that the embedded model lacks as in a plan."""
    verbs = {Skill.PICK: "pick the", Skill.PLACE_IN: "place it in the"}
    if subgoal.skill not in verbs:
        return str(subgoal).replace("_", " ")
    return f"{verbs[subgoal.skill]} {subgoal.target}"


def plan_text(subgoals: tuple[Subgoal, ...]) -> str:
    """Return a plan in the words that the grammar admits."""
    return " ; ".join(f"{s.skill.value} {s.target}" for s in subgoals) or "none"


def object_phrases() -> list[str]:
    """Return every object phrase that the plan grammar admits."""
    return [f"{colour} {shape}" for colour in COLOUR_WORDS for shape in SHAPE_WORDS]
