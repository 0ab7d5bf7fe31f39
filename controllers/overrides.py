"""Overrides: a section of which any part may be given, with the ranges of the whole one."""

from __future__ import annotations

from copy import copy
from typing import Any, TypeVar

from pydantic import create_model

from controllers.configuration import Section

S = TypeVar("S", bound=Section)


def partial(kind: type[Section]) -> type[Section]:
    """Return a section with the keys, ranges and units of `kind`, none of which must be given.

    A key that is not given is None there and absent from `given`; null in a file is refused as no number.
    Rules over several keys of `kind` are not checked here: they hold for the merged section.
    """
    fields: dict[str, Any] = {}
    for name, info in kind.model_fields.items():
        optional = copy(info)
        optional.default = None
        optional.json_schema_extra = _without_default
        fields[name] = (info.annotation, optional)
    made: type[Section] = create_model(
        f"{kind.__name__}Overrides",
        __base__=Section,
        __doc__=f"Any part of: {kind.__doc__}",
        **fields,
    )
    return made


def given(section: Section) -> dict[str, Any]:
    """Return the keys that were given and their values, sections as nested dictionaries."""
    return section.model_dump(exclude_unset=True)


def overridden(section: S, values: dict[str, Any]) -> S:
    """Return `section` with `values`, nested as its keys are, checked as a whole.

    Raises:
        ValidationError: the merged section breaks a rule over several keys.
    """
    return type(section).model_validate(_merged(given(section), values))


def _merged(base: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    return base | {
        key: _merged(base[key], value)
        if isinstance(value, dict) and isinstance(base.get(key), dict)
        else value
        for key, value in values.items()
    }


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)
