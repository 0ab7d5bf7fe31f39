"""Reads a YAML file into a pydantic model; its errors name file, key, value and range in one line."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo

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
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise GainsError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise GainsError(f"{path}: is not a text file in UTF-8") from error
    return parse_section(kind, text, name=str(path))


def parse_section(kind: type[S], text: str, *, name: str) -> S:
    """Validate YAML text as a `kind`; `name` is what errors call it, most often its path.

    Raises:
        GainsError: it is not a YAML mapping, or a key or value is wrong.
    """
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise GainsError(f"{name}: is not YAML: {' '.join(str(error).split())}") from error
    if content is None:
        content = {}
    if not isinstance(content, dict):
        raise GainsError(f"{name}: holds a {type(content).__name__}, expected a mapping of keys to values")
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise GainsError(f"{name}: {one_line(error, kind)}") from error


def one_line(error: ValidationError, kind: type[BaseModel]) -> str:
    """Put every problem of `error` as `key = value: what is expected`, separated by semicolons.

    Args:
        error: What validating a `kind` raised.
        kind: The model, which knows the keys that would be right and their ranges.
    """
    problems = []
    for item in error.errors():
        path = item["loc"]
        key = ".".join(str(part) for part in path) or "file"
        if item["type"] == "extra_forbidden":
            hint = _did_you_mean(str(path[-1]), _section_at(kind, path[:-1]))
            problems.append(f"{key}: unknown key (its value is {item['input']!r}){hint}")
        elif item["type"] == "missing":
            problems.append(f"{key}: missing key")
        else:
            problems.append(f"{key} = {item['input']!r}: {item['msg']}{_range_at(kind, path)}")
    return "; ".join(problems)


def number_range(info: FieldInfo) -> str:
    """Return the range of a number as `(0, 1]`; an empty string where it has none."""
    bounds = {
        name: getattr(item, name)
        for item in info.metadata
        for name in ("gt", "ge", "lt", "le")
        if getattr(item, name, None) is not None
    }
    if not bounds:
        return ""
    low = f"({bounds['gt']:g}" if "gt" in bounds else f"[{bounds['ge']:g}" if "ge" in bounds else "(-∞"
    high = f"{bounds['lt']:g})" if "lt" in bounds else f"{bounds['le']:g}]" if "le" in bounds else "∞)"
    return f"{low}, {high}"


def _did_you_mean(key: str, section: type[BaseModel] | None) -> str:
    if section is None:
        return ""
    known = list(section.model_fields)
    near = get_close_matches(key, known, n=1)
    return f": did you mean {near[0]}?" if near else f", expected one of: {', '.join(known)}"


def _range_at(kind: type[BaseModel], path: tuple[int | str, ...]) -> str:
    section = _section_at(kind, path[:-1])
    info = section.model_fields.get(str(path[-1])) if section is not None and path else None
    allowed = number_range(info) if info is not None else ""
    if info is None or not allowed:
        return ""
    unit = (info.description or "").rpartition("[")[2].removesuffix("]")
    return f", in {allowed}{'' if unit in ('', '1') else f' {unit}'}"


def _section_at(kind: type[BaseModel], path: tuple[int | str, ...]) -> type[BaseModel] | None:
    """Return the model of the section at `path`, or None where there is no section."""
    section: Any = kind
    for part in path:
        info = section.model_fields.get(str(part))
        section = info.annotation if info is not None else None
        if not (isinstance(section, type) and issubclass(section, BaseModel)):
            return None
    return section if isinstance(section, type) else None
