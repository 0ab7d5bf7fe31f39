"""Writes gains with other weights as a file: the text of the old file, its comments kept, under a header."""

from __future__ import annotations

import os
import re
from pathlib import Path

import yaml

from controllers.configuration import parse_section
from controllers.gains import SHIPPED, Gains

_MODELINE = "# yaml-language-server:"


def write_gains(path: Path, gains: Gains, *, like: Path, header: tuple[str, ...]) -> None:
    """Write `gains` to `path`.

    Args:
        path: Where to; replaced as a whole.
        gains: What to write; differs from `like` in single weights only.
        like: The file whose text and comments are kept.
        header: Comment lines that say where the gains come from.
    """
    text = _with_weights(like.read_text(encoding="utf-8"), gains)
    if parse_section(Gains, text, name=str(path)) != gains:
        # Written in a way that single lines cannot be changed, as in one line: plain YAML then.
        text = yaml.safe_dump(gains.model_dump(mode="json", exclude_unset=True), sort_keys=False)
    schema = os.path.relpath(SHIPPED / "gains.schema.json", path.resolve().parent)
    lines = [f"{_MODELINE} $schema={schema}", *[f"# {line}" for line in header]]
    kept = [line for line in text.splitlines() if not line.startswith(_MODELINE)]
    whole = "\n".join((*lines, *kept)) + "\n"
    scratch = path.with_name(f".{path.name}.part")
    scratch.write_text(whole, encoding="utf-8")
    scratch.replace(path)


def _with_weights(text: str, gains: Gains) -> str:
    """Replace the numbers in the block `weights:` of the top level."""
    inside, lines = False, []
    for line in text.splitlines():
        if line and not line[0].isspace() and not line.startswith("#"):
            inside = line.startswith("weights:")
        found = re.match(r"^(\s+)(\w+):(\s*)([-+.\deE]+)(\s*)(#.*)?$", line) if inside else None
        if found is not None:
            indent, key, gap, old, room, comment = found.groups(default="")
            value = f"{getattr(gains.weights, key):g}"
            room = " " * max(1, len(old) + len(room) - len(value)) if comment else ""
            line = f"{indent}{key}:{gap}{value}{room}{comment}"
        lines.append(line)
    return "\n".join(lines) + "\n"
