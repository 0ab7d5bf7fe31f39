"""A tiny model in training, and a handful of labelled images."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import PreTrainedTokenizerFast

from hybridctl.data.collect import _render_shard, load_shards
from hybridctl.data.rendered import ImageLabel
from hybridctl.training.batches import SHAPES
from hybridctl.training.losses import TrainingModule
from hybridctl.training.questions import QuestionMaker
from hybridctl.training.recipe import Recipe
from hybridctl.vla.architecture import build_model
from hybridctl.vla.prompts import COLOUR_WORDS
from hybridctl.vla.statistics import EMBEDDED_STATISTICS
from hybridctl.vla.vocabulary import build_tokenizer, integer_ids

torch.set_num_threads(1)

TINY = Recipe(hidden=32, layers=3, heads=4, channels=(8, 8, 16, 32), batch=2, warm_batch=2, seed=3)


@pytest.fixture(scope="session")
def tiny() -> Recipe:
    return TINY


@pytest.fixture(scope="session")
def tokenizer() -> PreTrainedTokenizerFast:
    return build_tokenizer()


@pytest.fixture(scope="session")
def maker(tokenizer: PreTrainedTokenizerFast) -> QuestionMaker:
    return QuestionMaker(tokenizer, EMBEDDED_STATISTICS)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two shards of 12 scenes."""
    folder = tmp_path_factory.mktemp("data")
    for first in (0, 500):
        _render_shard((folder, first, first + 12, ("ray",)))
    return folder


@pytest.fixture(scope="session")
def images(data: Path) -> list[tuple[np.ndarray, ImageLabel]]:
    """Images in [0, 1] with their labels."""
    return [
        (np.asarray(image, np.float32) / np.float32(255), label)
        for shard in load_shards(data)
        for image, label in zip(shard.images, shard.labels, strict=True)
    ]


@pytest.fixture(scope="session")
def build_module(tokenizer: PreTrainedTokenizerFast) -> Callable[..., TrainingModule]:
    def build(recipe: Recipe = TINY, *, seed: int = 0) -> TrainingModule:
        torch.manual_seed(seed)
        model = build_model(
            tokenizer,
            hidden=recipe.hidden,
            layers=recipe.layers,
            heads=recipe.heads,
            channels=recipe.channels,
        )
        module = TrainingModule(model, integer_ids(tokenizer), recipe)
        module.set_words(
            [tokenizer.convert_tokens_to_ids(word) for word in COLOUR_WORDS],
            [tokenizer.convert_tokens_to_ids(word) for word in SHAPES],
        )
        return module

    return build
