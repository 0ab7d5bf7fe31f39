"""Loads a checkpoint folder, or says exactly what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from transformers import (
    AutoModelForImageTextToText,
    AutoTokenizer,
    LlavaForConditionalGeneration,
    PreTrainedTokenizerFast,
)
from transformers.utils import logging

import hybridctl.vla.tower  # noqa: F401  registers the vision tower with transformers
from hybridctl.vla.errors import CheckpointError
from hybridctl.vla.statistics import Statistics

EMBEDDED = Path(__file__).parent / "weights"
"""The model that ships with hybridctl."""


@dataclass(frozen=True)
class Checkpoint:
    """A model with its tokenizer and statistics."""

    model: LlavaForConditionalGeneration
    tokenizer: PreTrainedTokenizerFast
    statistics: Statistics
    folder: Path


def load_checkpoint(folder: Path) -> Checkpoint:
    """Load weights (safetensors only), tokenizer and statistics; nothing is fetched from a hub.

    Raises:
        CheckpointError: a file is missing or does not fit, or a weight is not finite.
    """
    if not folder.is_dir():
        raise CheckpointError(f"there is no model folder {folder}: train one with `hybridctl train`")
    statistics = Statistics.load(folder)
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        if not (folder / name).is_file():
            raise CheckpointError(f"{folder} has no {name}")
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model, loading = AutoModelForImageTextToText.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, dtype=torch.float32, output_loading_info=True
        )
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        raise CheckpointError(f"{folder} cannot be loaded: {error}") from error
    finally:
        if shown:
            logging.enable_progress_bar()
    if not isinstance(model, LlavaForConditionalGeneration):
        raise CheckpointError(f"{folder} holds a {type(model).__name__}, this version runs Llava models")
    if len(tokenizer) != model.config.text_config.vocab_size:
        raise CheckpointError(
            f"{folder}: the tokenizer has {len(tokenizer)} tokens, the model "
            f"{model.config.text_config.vocab_size}: they are not of one model"
        )
    for problem in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        if loading.get(problem):
            names = ", ".join(sorted(str(name) for name in loading[problem])[:3])
            raise CheckpointError(f"{folder}: model.safetensors does not fit config.json: {problem} {names}")
    size = getattr(model.config.vision_config, "image_size", None)
    if size != statistics.image_size:
        raise CheckpointError(
            f"{folder}: action_spec.json says images of {statistics.image_size} px, the model sees {size} px"
        )
    broken = [name for name, p in model.named_parameters() if not torch.isfinite(p).all()]
    if broken:
        raise CheckpointError(f"{folder}: the weights {', '.join(broken[:3])} hold NaN or infinite values")
    return Checkpoint(model.eval(), tokenizer, statistics, folder)
