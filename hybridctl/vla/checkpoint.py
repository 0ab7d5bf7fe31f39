"""Loads a checkpoint, or says exactly what is wrong with it; and saves one whole."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import (
    AutoImageProcessor,
    AutoModelForImageTextToText,
    AutoProcessor,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import logging

from hybridctl.vla.errors import (
    ArchitectureError,
    CalibrationError,
    CheckpointError,
    MissingFileError,
    PickleError,
    TokenizerError,
    WeightShapeError,
    WeightValueError,
)
from hybridctl.vla.hub import local_folder
from hybridctl.vla.language import Language
from hybridctl.vla.openvla import is_openvla
from hybridctl.vla.statistics import Statistics
from hybridctl.vla.tower import ConvTowerConfig

EMBEDDED = Path(__file__).parent / "weights"
"""The model that ships with hybridctl."""
CALIBRATION = "calibration.json"
_HERE: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
"""Nothing is fetched while loading, and no code that a checkpoint brings along is run."""
_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
_SAFE = ("model.safetensors", "model.safetensors.index.json")
_IMAGE_FILES = ("preprocessor_config.json", "processor_config.json")


@dataclass(frozen=True)
class Checkpoint:
    """A model with its tokenizer and statistics.

    Attributes:
        model: In float32, for evaluation.
        tokenizer: The model's own.
        statistics: What its action tokens mean.
        folder: Where it was loaded from.
        language: What its words are; None for the embedded model's own.
        images: Its image processor; None for a model that takes pictures as they are.
        processor: Its whole processor; None where there is none, or where it needs what is not installed.
        calibration: What its confidence is worth; None where nobody measured it.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    statistics: Statistics
    folder: Path
    language: Language | None = None
    images: Any = None
    processor: Any = None
    calibration: Mapping[str, Any] | None = None


def load_checkpoint(source: Path | str) -> Checkpoint:
    """Load weights (safetensors only), tokenizer, statistics and language from a folder or a hub name.

    A name such as `org/model` that is no folder here is handed to the hub of transformers, which looks into
    its cache on this machine first.

    Raises:
        CheckpointError: one of its kinds: a file is missing or does not fit, or a weight is not finite.
    """
    folder = local_folder(source)
    _refuse_pickles(folder)
    if is_openvla(_config(folder)):
        raise ArchitectureError(
            f"{folder} holds an OpenVLA model, whose code is not part of transformers: its weights cannot "
            "be run here, its statistics can be read (`hybridctl check policy`)"
        )
    statistics = Statistics.load(folder)
    if not any((folder / name).is_file() for name in _SAFE):
        raise MissingFileError(f"{folder} has no model.safetensors")
    with _quiet():
        tokenizer = _tokenizer(folder)
        model = _model(folder)
        images, processor = _processors(folder, model)
    language = Language.load(folder, tokenizer)
    _check_tokenizer(folder, model, tokenizer, exact=images is None)
    _check_size(folder, model, statistics)
    broken = [name for name, p in model.named_parameters() if not torch.isfinite(p).all()]
    if broken:
        raise WeightValueError(f"{folder}: the weights {', '.join(broken[:3])} hold NaN or infinite values")
    return Checkpoint(
        model.eval(), tokenizer, statistics, folder, language, images, processor, _calibration(folder)
    )


def save_checkpoint(checkpoint: Checkpoint) -> None:
    """Write all that `load_checkpoint` reads into the checkpoint's folder, which is made if need be."""
    folder = checkpoint.folder
    folder.mkdir(parents=True, exist_ok=True)
    with _quiet():
        checkpoint.model.save_pretrained(folder)
        checkpoint.tokenizer.save_pretrained(folder)
        for part in (checkpoint.images, checkpoint.processor):
            if part is not None:
                part.save_pretrained(folder)
    checkpoint.statistics.save(folder)
    if checkpoint.language is not None:
        checkpoint.language.save(folder)
    if checkpoint.calibration is not None:
        text = json.dumps(dict(checkpoint.calibration), indent=2, allow_nan=False)
        (folder / CALIBRATION).write_text(text + "\n")


def _refuse_pickles(folder: Path) -> None:
    pickled = sorted(path.name for path in folder.iterdir() if path.suffix in _PICKLES)
    if pickled and not any((folder / name).is_file() for name in _SAFE):
        raise PickleError(
            f"{folder} holds its weights as a pickle ({', '.join(pickled[:3])}), which can run any code when "
            "it is loaded: expected model.safetensors. Convert it where you trust it: "
            "`model.save_pretrained(folder)`"
        )


def _config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    if not path.is_file():
        raise MissingFileError(f"{folder} has no config.json")
    try:
        config = json.loads(path.read_text())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{path}: {error}") from error
    if not isinstance(config, dict):
        raise CheckpointError(f"{path}: holds a {type(config).__name__}, expected an object")
    return config


def _tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    if not any((folder / name).is_file() for name in ("tokenizer.json", "tokenizer.model", "vocab.json")):
        raise MissingFileError(f"{folder} has no tokenizer.json")
    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder, **_HERE)
    except Exception as error:  # the tokenizers library raises bare Exceptions
        raise CheckpointError(f"{folder}: its tokenizer cannot be loaded: {error}") from error
    return tokenizer


def _model(folder: Path) -> PreTrainedModel:
    try:
        model, loading = AutoModelForImageTextToText.from_pretrained(
            folder, **_HERE, use_safetensors=True, dtype=torch.float32, output_loading_info=True
        )  # fmt: skip
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError, SafetensorError) as error:
        text = str(error)
        if "size mismatch" in text or "mismatched" in text or "shape" in text:
            raise WeightShapeError(
                f"{folder} cannot be loaded: weights do not fit config.json: {error}"
            ) from error
        if "trust_remote_code" in text or "custom code" in text:
            raise ArchitectureError(
                f"{folder} brings code of its own for its model, which is not run here: expected an "
                "architecture that transformers itself has"
            ) from error
        if "Unrecognized" in text or "does not recognize" in text or "should have a `model_type`" in text:
            raise ArchitectureError(
                f"{folder} cannot be loaded: it is no image-text-to-text model of transformers: {error}"
            ) from error
        raise CheckpointError(f"{folder} cannot be loaded: {error}") from error
    for problem in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        if loading.get(problem):
            names = ", ".join(sorted(str(name) for name in loading[problem])[:3])
            raise WeightShapeError(f"{folder}: model.safetensors does not fit config.json: {problem} {names}")
    if getattr(model.config, "image_token_id", None) is None or not hasattr(model, "get_image_features"):
        raise ArchitectureError(
            f"{folder} holds a {type(model).__name__}, which puts no image tokens into its text: expected a "
            "model of the kind of PaliGemma, Idefics3, SmolVLM, Llava or Qwen2.5-VL"
        )
    checked: PreTrainedModel = model
    return checked


def _processors(folder: Path, model: PreTrainedModel) -> tuple[Any, Any]:
    """Return the image processor and the whole processor, or None for each that there is not."""
    if not any((folder / name).is_file() for name in _IMAGE_FILES):
        if isinstance(model.config.vision_config, ConvTowerConfig):
            return None, None
        raise MissingFileError(
            f"{folder} has no preprocessor_config.json: without it nobody knows how the model's pictures are "
            "scaled. Copy it from where the model was trained"
        )
    try:
        processor = AutoProcessor.from_pretrained(folder, **_HERE)
    except Exception:  # torchvision or num2words is absent, or only the images have a processor
        processor = None
    if hasattr(processor, "image_processor"):
        return processor.image_processor, processor
    try:
        return AutoImageProcessor.from_pretrained(folder, **_HERE), None
    except Exception as error:
        raise CheckpointError(f"{folder}: its image processor cannot be loaded: {error}") from error


def _check_tokenizer(folder: Path, model: Any, tokenizer: PreTrainedTokenizerBase, *, exact: bool) -> None:
    """Vocabularies are often padded in the model, never in the tokenizer; the embedded one's are equal."""
    rows, known = int(model.get_input_embeddings().weight.shape[0]), len(tokenizer)
    if known > rows or (exact and known != rows):
        raise TokenizerError(
            f"{folder}: the tokenizer has {known} tokens, the model {rows}: they are not of one model"
        )
    if tokenizer.eos_token_id is None:
        raise TokenizerError(f"{folder}: the tokenizer has no end token, so no plan could end")


def _check_size(folder: Path, model: PreTrainedModel, statistics: Statistics) -> None:
    size = getattr(model.config.vision_config, "image_size", None)
    if size is not None and size != statistics.image_size:
        raise CheckpointError(
            f"{folder}: action_spec.json says images of {statistics.image_size} px, the model sees {size} px"
        )


def _calibration(folder: Path) -> Mapping[str, Any] | None:
    path = folder / CALIBRATION
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text(), parse_constant=_refuse_constant, parse_float=_finite)
    except (json.JSONDecodeError, UnicodeDecodeError, ValueError) as error:
        raise CalibrationError(f"{path}: {error}") from error
    if not isinstance(found, dict):
        raise CalibrationError(f"{path}: holds a {type(found).__name__}, expected an object")
    return found


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is not finite")
    return value


def _refuse_constant(text: str) -> float:
    raise ValueError(f"{text} is no finite number")


@contextmanager
def _quiet() -> Iterator[None]:
    """Hold back transformers' progress bars and warnings: what is wrong is raised here, in our words."""
    shown, level = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if shown:
            logging.enable_progress_bar()
