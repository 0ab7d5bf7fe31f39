"""OpenVLA's action tokens and statistics, for reading what its checkpoints and logs say.

Its scheme (arXiv 2406.09246): `linspace(-1, 1, 256)` are the edges of 255 bins, an id counts down from the
end of the vocabulary, and a value in [-1, 1] is stretched to the 1st and 99th percentile of its data set.
That is a uniform ActionSpec of 255 bins between these percentiles. Its model code is not part of
transformers, so its weights are not run here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridctl.messages.action import Action, ActionSpec
from hybridctl.messages.arrays import FloatArray, MessageError
from hybridctl.vla.action_tokens import from_bins
from hybridctl.vla.errors import StatisticsError

EDGES = 256
DIMENSIONS = 7
"""Δx, Δy, Δz, Δroll, Δpitch, Δyaw, gripper: there is no terminate."""


@dataclass(frozen=True)
class OpenVlaActions:
    """What seven OpenVLA tokens mean on one data set.

    Attributes:
        spec: Bounds of the eight dimensions in 255 bins; terminate, which OpenVLA lacks, from 0 to 1.
        vocabulary: Size of the language model's vocabulary without its padding.
    """

    spec: ActionSpec
    vocabulary: int

    def bins(self, ids: Sequence[int]) -> NDArray[np.int64]:
        """Return the bins 0 … 254 of seven token ids, shape (7,).

        The 256th id has no bin of its own and falls to the last one, as in OpenVLA.

        Raises:
            ValueError: there are not seven, or one is no action token (OpenVLA itself makes the highest
                action of it).
        """
        down = self.vocabulary - np.asarray(ids, dtype=np.int64)
        if down.shape != (DIMENSIONS,):
            raise ValueError(f"an OpenVLA action has {DIMENSIONS} tokens, got {down.size}")
        if down.min() < 1 or down.max() > EDGES:
            first, last = self.vocabulary - EDGES, self.vocabulary - 1
            raise ValueError(f"action tokens lie in {first}..{last}, got {list(ids)}")
        return np.minimum(down - 1, EDGES - 2)

    def values(self, ids: Sequence[int]) -> FloatArray:
        """Return the seven values of token ids, shape (7,) [m, m, m, rad, rad, rad, 1]."""
        return from_bins(self.bins(ids), low=self.spec.low[1:], high=self.spec.high[1:], bins=self.spec.bins)

    def action(self, ids: Sequence[int]) -> Action:
        """Return them as an Action; the gripper's value is clipped to [0, 1], its bins begin at -1."""
        v = self.values(ids)
        return Action(0.0, v[:3], v[3:6], float(np.clip(v[6], 0.0, 1.0)))


def is_openvla(config: dict[str, Any]) -> bool:
    """Say whether a config.json is OpenVLA's."""
    return bool(config.get("model_type") == "openvla")


def read_openvla(folder: Path) -> dict[str, OpenVlaActions]:
    """Return the actions of each data set that an OpenVLA checkpoint has statistics of.

    Raises:
        StatisticsError: `config.json` has none, or they are not of seven dimensions.
    """
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text())
        vocabulary = int(config["text_config"]["vocab_size"]) - int(config["pad_to_multiple_of"])
        return {name: _actions(stats["action"], vocabulary) for name, stats in config["norm_stats"].items()}
    except (OSError, KeyError, TypeError, AttributeError, ValueError) as error:
        kind = f"has no {error}" if isinstance(error, KeyError) else str(error)
        raise StatisticsError(
            f"{path}: {kind}: expected OpenVLA's norm_stats with q01, q99 and mask"
        ) from error


def _actions(stats: dict[str, Any], vocabulary: int) -> OpenVlaActions:
    low, high = (np.asarray(stats[name], dtype=np.float64) for name in ("q01", "q99"))
    mask = np.asarray(stats.get("mask", [True] * DIMENSIONS), dtype=bool)
    if not low.shape == high.shape == mask.shape == (DIMENSIONS,):
        raise MessageError(f"an action has {DIMENSIONS} dimensions, got {low.shape}")
    # What is not masked is not normalised: its tokens stand for -1 … 1 as they are.
    low, high = np.where(mask, low, -1.0), np.where(mask, high, 1.0)
    spec = ActionSpec(low=np.array([0.0, *low]), high=np.array([1.0, *high]), bins=EDGES - 1, frame="base")
    return OpenVlaActions(spec, vocabulary)
