"""A written gains file holds the new weights, the old comments and where it came from."""

from pathlib import Path

import yaml

from controllers import load_gains
from controllers.gains import SHIPPED
from controllers.overrides import overridden
from hybridctl.tuning.gains_writer import write_gains

NEW = overridden(load_gains(), {"weights": {"velocity": 2.345, "posture": 0.00123}})


def test_weights_change_and_comments_stay(tmp_path: Path) -> None:
    path = tmp_path / "new.yaml"
    write_gains(path, NEW, like=SHIPPED / "panda.yaml", header=("Made by me",))
    text = path.read_text()
    assert load_gains(path) == NEW
    assert "# Made by me" in text
    assert "# s²/rad²" in text
    assert "velocity: 0.5 " in text  # a key of the same name elsewhere
    modeline = text.splitlines()[0]
    assert (tmp_path / modeline.partition("$schema=")[2]).resolve() == SHIPPED / "gains.schema.json"
    assert text.count("yaml-language-server") == 1


def test_a_file_whose_weights_are_in_one_line_is_written_plainly(tmp_path: Path) -> None:
    content = yaml.safe_load((SHIPPED / "panda.yaml").read_text())
    old = tmp_path / "old.yaml"
    old.write_text(yaml.safe_dump(content, default_flow_style=True))
    write_gains(tmp_path / "new.yaml", NEW, like=old, header=("Made by me",))
    assert load_gains(tmp_path / "new.yaml") == NEW
