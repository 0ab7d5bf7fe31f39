"""A wrong gains file is refused, in one line that names file, key, value and range."""

from pathlib import Path
from typing import get_args, get_origin

import pytest
import yaml
from pydantic import BaseModel

from controllers import GainsError, load_gains
from controllers.gains import SHIPPED, Gains


def write(folder: Path, *, section: str | None, key: str, value: object) -> Path:
    content = yaml.safe_load((SHIPPED / "panda.yaml").read_text())
    (content if section is None else content[section])[key] = value
    path = folder / "my.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def test_shipped_gains_load_by_default_by_name_and_by_path() -> None:
    assert load_gains() == load_gains("panda") == load_gains(SHIPPED / "panda.yaml")


@pytest.mark.parametrize(
    ("section", "key", "value", "expected"),
    [
        ("scales", "velocity", 1.5, "scales.velocity = 1.5: Input should be less than or equal to 1"),
        ("weights", "position", -1.0, "weights.position = -1.0: Input should be greater than 0"),
        ("weights", "positon", 1.0, "weights.positon: unknown key"),
        (None, "wieghts", {}, "wieghts: unknown key"),
        ("targets", "stale_after", float("nan"), "targets.stale_after = nan"),
        ("workspace", "lower", [0.9, -0.4, 0.0], "x: lower 0.9 is not below upper 0.8 by twice the margin"),
        (None, "rate", 200.0, "expected one control period 1/rate = 0.005"),
        (None, "node_times", [0.01, 0.05, 0.04], "do not rise"),
    ],
)
def test_wrong_value_is_named_with_file_key_and_range(
    tmp_path: Path, section: str | None, key: str, value: object, expected: str
) -> None:
    path = write(tmp_path, section=section, key=key, value=value)
    with pytest.raises(GainsError) as caught:
        load_gains(path)
    message = str(caught.value)
    assert expected in message
    assert str(path) in message
    assert "\n" not in message


def test_missing_file_and_missing_key_are_named(tmp_path: Path) -> None:
    with pytest.raises(GainsError, match="cannot be read"):
        load_gains(tmp_path / "none.yaml")
    (tmp_path / "empty.yaml").write_text("")
    with pytest.raises(GainsError, match="weights: missing key"):
        load_gains(tmp_path / "empty.yaml")


def test_every_field_is_described_with_a_unit() -> None:
    def leaves(kind: type[BaseModel]) -> None:
        for name, info in kind.model_fields.items():
            section = info.annotation
            if get_origin(section) is tuple and isinstance(get_args(section)[0], type):
                section = get_args(section)[0]  # a list of sections
            if isinstance(section, type) and issubclass(section, BaseModel):
                leaves(section)
            else:
                assert info.description, name
                assert info.description.endswith("]"), name

    leaves(Gains)
