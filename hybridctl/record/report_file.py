"""Reads report.json back, and leaves out what is not what the page expects under its name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, NonNegativeInt, StrictBool, StrictStr, ValidationError
from pydantic import FiniteFloat as Number


class _Failure(BaseModel):
    stamp: Number
    leaf: StrictStr
    kind: StrictStr
    why: StrictStr


class _Film(BaseModel):
    frames: NonNegativeInt
    dropped: NonNegativeInt


class _Record(BaseModel):
    video: _Film | None = None
    problems: list[StrictStr] = []


class _Resumption(BaseModel):
    stamp: Number
    wall_time: Number | None = None
    done: StrictStr = ""
    pending: StrictStr = ""


class _Report(BaseModel):
    """What the page reads; everything may be missing, and other keys are kept as they are."""

    model_config = ConfigDict(extra="allow")

    instruction: StrictStr = ""
    success: StrictBool = False
    status: StrictStr = ""
    cause: StrictStr = ""
    plan: StrictStr | None = None
    score: dict[str, Any] | None = None
    sim_seconds: Number | None = None
    wall_seconds: Number | None = None
    path_m: dict[str, Number] | None = None
    token_motion_share: Number | None = None
    token_share_of_approach: Number | None = None
    controller_status: dict[str, int] | None = None
    violations: dict[str, int] | None = None
    mpc_ms_median: Number | None = None
    vla_ms_median: Number | None = None
    vla_calls: NonNegativeInt | None = None
    failures: list[_Failure] | None = None
    tree: list[tuple[Number, StrictStr, StrictStr]] | None = None
    record: _Record | None = None
    resumed: list[_Resumption] | None = None


def load_report(path: Path) -> tuple[dict[str, Any], list[str]]:
    """Return the report without null values, and what was left out, in words.

    Raises:
        OSError: the file cannot be read; FileNotFoundError where it is missing.
        ValueError: it is no JSON object.
    """
    report = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(report, dict):
        raise ValueError(f"it holds a {type(report).__name__}, expected an object")
    report = {name: value for name, value in report.items() if value is not None}
    odd: list[str] = []
    try:
        _Report.model_validate(report)
    except ValidationError as error:
        for finding in error.errors():
            name = str(finding["loc"][0])
            if report.pop(name, None) is not None:
                odd.append(f"{name}: {finding['msg']}")
    return report, odd
