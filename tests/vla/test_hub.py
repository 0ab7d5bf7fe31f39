"""A folder is taken as it is; a hub name is looked for, and offline the error says what to do."""

from pathlib import Path

import pytest
from huggingface_hub import constants

from hybridctl.vla.errors import MissingFileError, UnreachableError
from hybridctl.vla.hub import local_folder


def test_a_folder_is_taken_whatever_it_is_called(tmp_path: Path) -> None:
    assert local_folder(str(tmp_path)) == local_folder(tmp_path) == tmp_path


@pytest.mark.parametrize("source", [Path("org/model"), "nowhere", "./a/b/c", "/org/model"])
def test_a_path_is_never_looked_for_on_the_hub(source: Path | str) -> None:
    with pytest.raises(MissingFileError, match=r"no model folder .*: train one"):
        local_folder(source)


def test_a_hub_name_without_a_hub_says_to_copy_the_model_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(UnreachableError, match=r"no model folder acme/arm-vla.*cannot be reached: copy"):
        local_folder("acme/arm-vla")


def test_a_hub_name_in_this_machines_cache_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    kept = tmp_path / "models--acme--arm-vla"
    (kept / "refs").mkdir(parents=True)
    (kept / "refs" / "main").write_text("0" * 40)
    (kept / "snapshots" / ("0" * 40)).mkdir(parents=True)
    (kept / "snapshots" / ("0" * 40) / "config.json").write_text("{}")
    assert (local_folder("acme/arm-vla") / "config.json").read_text() == "{}"
