"""Statistics of features: over an episode, over a picture stream, and merged over episodes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

QUANTILES = {"q01": 0.01, "q10": 0.10, "q50": 0.50, "q90": 0.90, "q99": 0.99}
LARGE_PICTURE, THINNED_PICTURE = 300, 150
"""A picture whose longer side [px] reaches the first is thinned out to about the second, as by lerobot."""
_DRAWS = 1000

Statistics = dict[str, NDArray[Any]]
"""min, max, mean, std and quantiles, each of the feature's shape, and count, shape (1,)."""


def vector_statistics(values: NDArray[Any]) -> Statistics:
    """Return the statistics of one episode's values, shape (frames, entries); quantiles interpolate."""
    exact = values.astype(np.float64)
    statistics: Statistics = {
        "min": values.min(axis=0),
        "max": values.max(axis=0),
        "mean": exact.mean(axis=0),
        "std": exact.std(axis=0),
        "count": np.array([len(values)]),
    }
    for key, q in QUANTILES.items():
        statistics[key] = np.asarray(np.quantile(exact, q, axis=0))
    return statistics


class PictureStatistics:
    """Counts the values of a camera's pictures as they come; memory does not grow with them."""

    def __init__(self) -> None:
        self._counts = np.zeros((3, 256), np.int64)
        self._pictures = 0

    def add(self, rgb: NDArray[np.uint8]) -> None:
        """Count a picture, shape (H, W, 3)."""
        longer = max(rgb.shape[:2])
        step = 1 if longer < LARGE_PICTURE else longer // THINNED_PICTURE
        thin = rgb[::step, ::step]
        for channel in range(3):
            self._counts[channel] += np.bincount(thin[..., channel].ravel(), minlength=256)
        self._pictures += 1

    def result(self) -> Statistics:
        """Return statistics a channel in [0, 1], shape (3, 1, 1); `count` is the number of pictures."""
        levels = np.arange(256) / 255.0
        share = self._counts / self._counts.sum(axis=1, keepdims=True)
        reached = share.cumsum(axis=1)
        mean = share @ levels
        values = {
            "min": levels[(self._counts > 0).argmax(axis=1)],
            "max": levels[255 - (self._counts > 0)[:, ::-1].argmax(axis=1)],
            "mean": mean,
            "std": np.sqrt(np.maximum(share @ levels**2 - mean**2, 0.0)),
            **{key: levels[(reached >= q - 1e-12).argmax(axis=1)] for key, q in QUANTILES.items()},
        }
        statistics: Statistics = {key: value.reshape(3, 1, 1) for key, value in values.items()}
        statistics["count"] = np.array([self._pictures])
        return statistics


def merged(a: Statistics, b: Statistics) -> Statistics:
    """Return the statistics of both parts together.

    All are exact but the quantiles: those are of the mixture of both distributions, each taken as straight
    between its known quantiles: a few percent of the frames off after hundreds of unlike episodes. They are
    left out where a part has none.
    """
    n_a, n_b = int(a["count"][0]), int(b["count"][0])
    n = n_a + n_b
    mean = (n_a * a["mean"] + n_b * b["mean"]) / n
    variance = (
        n_a * (a["std"] ** 2 + (a["mean"] - mean) ** 2) + n_b * (b["std"] ** 2 + (b["mean"] - mean) ** 2)
    ) / n
    both: Statistics = {
        "min": np.minimum(a["min"], b["min"]),
        "max": np.maximum(a["max"], b["max"]),
        "mean": mean,
        "std": np.sqrt(variance),
        "count": np.array([n]),
    }
    if all(key in part for part in (a, b) for key in QUANTILES):
        both.update(_mixed_quantiles(a, b, weights=(n_a, n_b)))
    return both


def _mixed_quantiles(a: Statistics, b: Statistics, *, weights: tuple[int, int]) -> Statistics:
    levels = np.array([0.0, *QUANTILES.values(), 1.0])
    names = ("min", *QUANTILES, "max")
    knots = [np.stack([part[name].ravel() for name in names]) for part in (a, b)]
    even = (np.arange(_DRAWS) + 0.5) / _DRAWS
    weight = np.repeat(weights, _DRAWS)
    found = np.empty((len(QUANTILES), knots[0].shape[1]))
    for entry in range(found.shape[1]):
        draws = np.concatenate([np.interp(even, levels, knot[:, entry]) for knot in knots])
        order = np.argsort(draws)
        reached = weight[order].cumsum() - 0.5 * weight[order]
        found[:, entry] = np.interp(list(QUANTILES.values()), reached / weight.sum(), draws[order])
    return {name: found[i].reshape(a["mean"].shape) for i, name in enumerate(QUANTILES)}


def to_json(statistics: dict[str, Statistics]) -> dict[str, dict[str, Any]]:
    """Return plain data for `meta/stats.json`."""
    return {
        feature: {key: value.tolist() for key, value in of_feature.items()}
        for feature, of_feature in statistics.items()
    }


def from_json(data: dict[str, dict[str, Any]]) -> dict[str, Statistics]:
    """Inverse of `to_json`; a number becomes an array of shape (1,)."""
    return {
        feature: {key: np.atleast_1d(np.array(value)) for key, value in of_feature.items()}
        for feature, of_feature in data.items()
    }
