"""A model folder loads whole or not at all, and the error says which part is wrong."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import LlavaForConditionalGeneration, PreTrainedTokenizerFast

from hybridctl.vla.checkpoint import CALIBRATION, EMBEDDED, load_checkpoint, save_checkpoint
from hybridctl.vla.errors import (
    ArchitectureError,
    CalibrationError,
    CheckpointError,
    MissingFileError,
    PickleError,
    StatisticsError,
    TokenizerError,
    WeightShapeError,
    WeightValueError,
)
from hybridctl.vla.statistics import EMBEDDED_STATISTICS, FILE_NAME
from hybridctl.vla.vocabulary import build_tokenizer


@pytest.fixture(scope="module")
def model(tiny_model: Callable[[int], LlavaForConditionalGeneration]) -> LlavaForConditionalGeneration:
    return tiny_model(0)


@pytest.fixture(scope="module")
def good(
    model: LlavaForConditionalGeneration,
    tokenizer: PreTrainedTokenizerFast,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint") / "good"
    folder.mkdir()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    EMBEDDED_STATISTICS.save(folder)
    return folder


@pytest.fixture
def folder(good: Path, tmp_path: Path) -> Path:
    """A copy that the test may break."""
    return Path(shutil.copytree(good, tmp_path / "broken"))


def change_weight(folder: Path, change: Callable[[torch.Tensor], torch.Tensor]) -> None:
    path = folder / "model.safetensors"
    weights = load_file(path)
    name = next(name for name in weights if name.endswith("layers.0.self_attn.q_proj.weight"))
    weights[name] = change(weights[name])
    save_file(weights, path, metadata={"format": "pt"})


def test_what_was_saved_is_loaded(good: Path, model: LlavaForConditionalGeneration) -> None:
    loaded = load_checkpoint(good)
    theirs, ours = loaded.model.state_dict(), model.state_dict()
    assert theirs.keys() == ours.keys()
    assert all(torch.equal(theirs[name], ours[name]) for name in ours)
    assert loaded.statistics == EMBEDDED_STATISTICS
    assert not loaded.model.training


def test_the_shipped_folder_loads() -> None:
    loaded = load_checkpoint(EMBEDDED)
    assert loaded.statistics == EMBEDDED_STATISTICS
    assert sum(p.numel() for p in loaded.model.parameters()) > 1_000_000


def test_the_shipped_tokenizer_is_the_one_that_prompts_are_written_for() -> None:
    assert load_checkpoint(EMBEDDED).tokenizer.get_vocab() == build_tokenizer().get_vocab()


def test_a_missing_folder_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"no model folder .*nowhere: train one with `hybridctl"):
        load_checkpoint(tmp_path / "nowhere")


@pytest.mark.parametrize("name", [FILE_NAME, "config.json", "model.safetensors", "tokenizer.json"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    kind = StatisticsError if name == FILE_NAME else MissingFileError
    with pytest.raises(kind, match=f"has no {name}"):
        load_checkpoint(folder)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_one_weight_that_is_not_finite_is_found_and_named(folder: Path, bad: float) -> None:
    def spoil(weight: torch.Tensor) -> torch.Tensor:
        weight[3, 5] = bad
        return weight

    change_weight(folder, spoil)
    with pytest.raises(WeightValueError, match=r"layers\.0\.self_attn\.q_proj\.weight hold NaN or infinite"):
        load_checkpoint(folder)


def test_a_weight_of_another_shape_is_refused(folder: Path) -> None:
    change_weight(folder, lambda weight: weight[:16].clone())
    with pytest.raises(WeightShapeError, match="cannot be loaded"):
        load_checkpoint(folder)


def test_a_tokenizer_of_another_size_is_refused(folder: Path) -> None:
    other = build_tokenizer()
    other.add_tokens(["octopus"])
    other.save_pretrained(folder)
    with pytest.raises(TokenizerError, match=r"tokenizer has \d+ tokens, the model \d+"):
        load_checkpoint(folder)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", FILE_NAME])
@pytest.mark.parametrize("text", ["{not json", "{}"])
def test_a_garbled_file_is_a_checkpoint_error(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    with pytest.raises(CheckpointError, match=str(folder)):
        load_checkpoint(folder)


def test_an_unknown_key_in_the_statistics_is_refused(folder: Path) -> None:
    data = json.loads((folder / FILE_NAME).read_text())
    (folder / FILE_NAME).write_text(json.dumps({**data, "bin_centres": True}))
    with pytest.raises(CheckpointError, match="bin_centres"):
        load_checkpoint(folder)


def test_a_model_of_another_kind_is_refused(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(ArchitectureError, match="cannot be loaded"):
        load_checkpoint(folder)


def test_a_weight_that_is_missing_or_not_of_the_model_is_refused_by_name(folder: Path) -> None:
    path = folder / "model.safetensors"
    weights = load_file(path)
    name = next(name for name in weights if name.endswith("layers.0.self_attn.q_proj.weight"))
    save_file({k: v for k, v in weights.items() if k != name}, path, metadata={"format": "pt"})
    with pytest.raises(WeightShapeError, match=r"missing_keys.*q_proj"):
        load_checkpoint(folder)
    save_file(weights | {"stranger": torch.zeros(2)}, path, metadata={"format": "pt"})
    with pytest.raises(WeightShapeError, match=r"unexpected_keys.*stranger"):
        load_checkpoint(folder)


def test_a_truncated_weight_file_is_a_checkpoint_error(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(CheckpointError, match="cannot be loaded"):
        load_checkpoint(folder)


def test_statistics_that_are_no_text_or_of_another_image_size_are_refused(folder: Path) -> None:
    path = folder / FILE_NAME
    data = json.loads(path.read_text())
    path.write_text(json.dumps(data | {"image_size": 64}))
    with pytest.raises(CheckpointError, match="images of 64 px"):
        load_checkpoint(folder)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CheckpointError, match=FILE_NAME):
        load_checkpoint(folder)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt"])
def test_a_pickle_is_refused_before_anything_of_it_is_read(folder: Path, name: str) -> None:
    (folder / "model.safetensors").rename(folder / name)
    with pytest.raises(PickleError, match=rf"{name}.*can run any code.*expected model.safetensors"):
        load_checkpoint(folder)


def test_a_pickle_beside_safetensors_is_not_touched(folder: Path) -> None:
    (folder / "training_args.bin").write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    load_checkpoint(folder)


def test_a_family_without_its_image_processor_is_refused(saved: Callable[..., Path], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(saved("paligemma"), tmp_path / "copy"))
    for name in ("preprocessor_config.json", "processor_config.json"):
        (folder / name).unlink(missing_ok=True)
    with pytest.raises(MissingFileError, match=r"has no preprocessor_config\.json.*Copy it"):
        load_checkpoint(folder)


def test_no_end_token_is_refused(saved: Callable[..., Path], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(saved("llava"), tmp_path / "copy"))
    path = folder / "tokenizer_config.json"
    settings = json.loads(path.read_text())
    path.write_text(json.dumps({k: v for k, v in settings.items() if k != "eos_token"}))
    with pytest.raises(TokenizerError, match="no end token"):
        load_checkpoint(folder)


def test_calibration_travels_with_the_weights(good: Path, tmp_path: Path) -> None:
    measured = {"plan": {"temperature": 1.5, "threshold": 0.1}}
    assert load_checkpoint(good).calibration is None
    save_checkpoint(replace(load_checkpoint(good), folder=tmp_path / "new", calibration=measured))
    assert load_checkpoint(tmp_path / "new").calibration == measured


@pytest.mark.parametrize("text", ["{", "[]", '{"a": NaN}', '{"a": 1e999}', "3"])
def test_a_calibration_that_is_no_object_of_finite_numbers_is_refused(folder: Path, text: str) -> None:
    (folder / CALIBRATION).write_text(text)
    with pytest.raises(CalibrationError, match=CALIBRATION):
        load_checkpoint(folder)


def test_code_that_a_checkpoint_brings_along_is_not_run(folder: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    (folder / "mine.py").write_text(
        f"open({str(ran)!r}, 'w').close()\nclass Mine: pass\nclass Config: pass\n"
    )
    code = {
        "AutoConfig": "mine.Config",
        "AutoModelForImageTextToText": "mine.Mine",
        "AutoTokenizer": ["mine.Mine", None],
    }
    (folder / "config.json").write_text(json.dumps({"model_type": "mine", "auto_map": code}))
    with pytest.raises(ArchitectureError, match="brings code of its own"):
        load_checkpoint(folder)
    assert not ran.exists()
