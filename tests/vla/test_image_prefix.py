"""A prefix holds the image's features where the image token stands."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hybridctl.vla.checkpoint import load_checkpoint
from hybridctl.vla.conversation import ChatConversation
from hybridctl.vla.image_prefix import embed_prefix, grid_positions


@torch.inference_mode()
def test_features_stand_where_the_image_token_does_and_words_elsewhere(architecture: Any) -> None:
    model, vision = architecture.model, architecture.see(1, 2)
    found = embed_prefix(model, architecture.prefix, vision)
    ids = torch.tensor(architecture.prefix)
    image = ids == model.config.image_token_id
    features = torch.cat(
        [f.reshape(-1, f.shape[-1]) for f in model.get_image_features(**vision).pooler_output]
    )
    torch.testing.assert_close(found[:, image].reshape(features.shape), features)
    words = model.get_input_embeddings()(ids[~image])
    torch.testing.assert_close(found[:, ~image], words.expand(2, -1, -1))


@torch.inference_mode()
def test_image_tokens_and_features_must_be_equally_many(architecture: Any) -> None:
    with pytest.raises(ValueError, match=r"has 5 image tokens, the images have 4 features"):
        embed_prefix(
            architecture.model,
            [*architecture.prefix, architecture.model.config.image_token_id],
            architecture.see(1, 1),
        )


def test_a_model_that_counts_its_tokens_one_after_another_has_no_grid(architecture: Any) -> None:
    assert grid_positions(architecture.model, architecture.prefix, architecture.see(1, 1)) is None


def test_a_grid_is_the_models_own(saved: Callable[..., Path]) -> None:
    checkpoint = load_checkpoint(saved("qwen2_5_vl"))
    form = ChatConversation(
        checkpoint.model, checkpoint.tokenizer, checkpoint.images, None, count=2, size=32
    )  # fmt: skip
    vision = form.vision([np.zeros((32, 32, 3), dtype=np.uint8)] * 2)
    grid = grid_positions(checkpoint.model, form.prefix, vision)
    assert grid is not None
    assert grid.shape == (3, len(form.prefix))
    first = form.prefix.index(checkpoint.model.config.image_token_id)
    assert grid[:, :first].tolist() == [list(range(first))] * 3
    assert grid[:, first : first + 16].tolist() == [
        [first] * 16,
        [first + i // 4 for i in range(16)],
        [first + i % 4 for i in range(16)],
    ]
