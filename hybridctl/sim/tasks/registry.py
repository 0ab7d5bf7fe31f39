"""Every task by its name."""

from __future__ import annotations

from hybridctl.sim.scene import SceneError
from hybridctl.sim.splits import split_named
from hybridctl.sim.tasks import (
    fetch,
    hand_over,
    hidden,
    insert,
    kitting,
    look,
    open_close,
    pick,
    place,
    push,
    sort,
    stack,
    tidy,
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
