"""Every task by its name."""

from __future__ import annotations

from functools import partial

from hybridctl.sim.scene import SceneError
from hybridctl.sim.splits import split_named
from hybridctl.sim.tasks import (
    chains,
    extremes,
    fetch,
    hand_over,
    hidden,
    insert,
    interference,
    kitting,
    look,
    matching,
    moving,
    open_close,
    parts,
    pick,
    place,
    push,
    relations,
    sort,
    stack,
    symbols,
    tidy,
    vague,
)
from hybridctl.sim.tasks.sampling import Sampler
from hybridctl.sim.tasks.task import Task
from hybridctl.sim.tasks.wording import LANGUAGES

TASKS: dict[str, Sampler] = {
    "pick": pick.sample,
    "place": place.sample,
    "push": push.sample,
    "open_close": open_close.sample,
    "stack": stack.sample,
    "insert": insert.sample,
    "hand_over": hand_over.sample,
    "sort": sort.sample,
    "tidy": tidy.sample,
    "fetch": fetch.sample,
    "hidden": hidden.sample,
    "kitting": kitting.sample,
    "look": look.sample,
    "relations": relations.sample,
    "symbols": symbols.sample,
    "matching": matching.sample,
    "extremes": extremes.sample,
    "parts": parts.sample,
    "moving": moving.sample,
    "interference": interference.sample,
    "vague": vague.sample,
    **{f"chain_{steps}": partial(chains.sample, steps=steps) for steps in chains.LENGTHS},
}
"""The samplers of all tasks."""


def make_task(name: str, seed: int, *, split: str = "seen", language: str = "en") -> Task:
    """Return the task of a name that a seed gives.

    Args:
        name: One of TASKS.
        seed: Of all that is drawn at random.
        split: Name of one of hybridctl.sim.splits.SPLITS.
        language: One of hybridctl.sim.tasks.wording.LANGUAGES.

    Raises:
        SceneError: there is no such task, split or language.
    """
    if name not in TASKS:
        raise SceneError(f"no task is named {name!r}, expected one of {', '.join(TASKS)}")
    if language not in LANGUAGES:
        raise SceneError(f"no task speaks {language!r}, expected one of {', '.join(LANGUAGES)}")
    return TASKS[name](seed, split=split_named(split), language=language)
