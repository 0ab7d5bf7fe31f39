"""Named splits: what varies from training, and how crowded a scene is."""

from __future__ import annotations

from dataclasses import dataclass

from hybridctl.sim.scene import SceneError

VARIATIONS = ("seen", "unseen-objects", "unseen-backgrounds", "unseen-environments")
LEVELS = ("easy", "hard")


@dataclass(frozen=True)
class Split:
    """Where a scene's things and surroundings come from.

    Attributes:
        variation: One of VARIATIONS; only `seen` may be trained on.
        level: `easy` (few things, far apart, steady light), `hard` (many, look-alikes, uneven light), or
            empty for anything between.
    """

    variation: str = "seen"
    level: str = ""

    @property
    def name(self) -> str:
        """The split's name, `unseen-objects-hard`."""
        return f"{self.variation}-{self.level}" if self.level else self.variation

    @property
    def seen(self) -> bool:
        """Whether it may be trained on."""
        return self.variation == "seen"


SPLITS = {split.name: split for split in (Split(v, level) for v in VARIATIONS for level in ("", *LEVELS))}
"""All of them by name."""


def split_named(name: str) -> Split:
    """Return a split by its name.

    Raises:
        SceneError: there is none of that name.
    """
    if name not in SPLITS:
        raise SceneError(f"no split is named {name!r}, expected one of {', '.join(SPLITS)}")
    return SPLITS[name]
