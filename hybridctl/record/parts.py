"""The parts of a run's record: one that was killed and resumed has one of each process, beside each other."""

from __future__ import annotations

from dataclasses import replace
from itertools import count, takewhile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridctl.record.reading import Arrays, Telemetry

TELEMETRY_NAME = "telemetry.mcap"
VIDEO_NAME = "video.mp4"
_PER_MARGIN = "margin_"


def part_name(name: str, part: int) -> str:
    """Return what a file is called in a part: `video.mp4` in the first, `video.part2.mp4` in the second."""
    stem, _, kind = name.rpartition(".")
    return name if part == 1 else f"{stem}.part{part}.{kind}"


def parts_of(folder: Path) -> list[int]:
    """Return the numbers of the parts that a run folder holds, from 1."""

    def begun(part: int) -> bool:
        return any((folder / part_name(name, part)).exists() for name in (TELEMETRY_NAME, VIDEO_NAME))

    return list(takewhile(begun, count(1)))


def joined(first: Telemetry, second: Telemetry) -> Telemetry:
    """Return two parts of a run as one; a number that only one of them has is NaN in the other."""
    names = [*first.arrays, *(name for name in second.arrays if name not in first.arrays)]
    tightest = dict(first.tightest)
    for limit, name in second.tightest.items():
        if _nearest(second, limit) < _nearest(first, limit):
            tightest[limit] = name
    return replace(
        first,
        arrays={name: _appended(first.arrays, second.arrays, name) for name in names},
        tree=[*first.tree, *second.tree],
        events=[*first.events, *second.events],
        limits=first.limits if second.limits is None else second.limits,
        complete=second.complete,
        tightest=tightest,
    )


def _appended(first: Arrays, second: Arrays, name: str) -> NDArray[Any]:
    a, b = first.get(name), second.get(name)
    if a is None or b is None:
        known = b if a is None else a
        assert known is not None
        other = first if a is None else second
        rows = len(other["margin_stamp" if name.startswith(_PER_MARGIN) else "stamp"])
        unknown = np.full((rows, *known.shape[1:]), np.nan)
        return np.concatenate([unknown, known] if a is None else [known, unknown])
    if not len(a) or not len(b):  # a part without a control period does not know how many joints there are
        return a if len(a) else b
    return np.concatenate([a, b])


def _nearest(part: Telemetry, limit: str) -> float:
    margins = part.arrays[f"{_PER_MARGIN}{limit}"]
    known = margins[np.isfinite(margins)]
    return float(known.min()) if len(known) else np.inf
