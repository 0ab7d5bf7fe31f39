"""Reads a YAML file into a pydantic model; its errors name file, key, value and range in one line."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from controllers.errors import GainsError


class Section(BaseModel):
    """A part of a configuration file: immutable, unknown keys and non-finite numbers refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


S = TypeVar("S", bound=Section)


def read_section(kind: type[S], path: Path) -> S:
    """Read `path` and validate it as a `kind`.

    Raises:
        GainsError: the file is missing, is not a YAML mapping, or a key or value is wrong.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise GainsError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise GainsError(f"{path}: is not a text file in UTF-8") from error
    except yaml.YAMLError as error:
        raise GainsError(f"{path}: is not YAML: {' '.join(str(error).split())}") from error
    if content is None:
        content = {}
    if not isinstance(content, dict):
        raise GainsError(f"{path}: holds a {type(content).__name__}, expected a mapping of keys to values")
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise GainsError(f"{path}: {one_line(error)}") from error


def one_line(error: ValidationError) -> str:
    """Put every problem of `error` as `key = value: what is expected`, separated by semicolons."""
    problems = []
    for item in error.errors():
        key = ".".join(str(part) for part in item["loc"]) or "file"
        if item["type"] == "extra_forbidden":
            problems.append(f"{key}: unknown key (its value is {item['input']!r})")
        elif item["type"] == "missing":
            problems.append(f"{key}: missing key")
        else:
            problems.append(f"{key} = {item['input']!r}: {item['msg']}")
    return "; ".join(problems)
