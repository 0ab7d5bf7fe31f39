"""The embedded model's architecture."""

import pytest
import torch
from transformers import PreTrainedTokenizerFast

from hybridctl.vla.architecture import build_model
from hybridctl.vla.vocabulary import integer_ids


def build(tokenizer: PreTrainedTokenizerFast, seed: int, hidden: int = 32) -> torch.nn.Module:
    torch.manual_seed(seed)
    return build_model(tokenizer, hidden=hidden, layers=3, heads=2, channels=(8, 8, 16, 32))


def test_the_head_is_the_embedding(tokenizer: PreTrainedTokenizerFast) -> None:
    model = build(tokenizer, 0)
    assert model.lm_head.weight is model.get_input_embeddings().weight
    assert model.get_input_embeddings().weight.shape == (len(tokenizer), 32)


def test_neighbouring_integers_begin_as_neighbours(tokenizer: PreTrainedTokenizerFast) -> None:
    model = build(tokenizer, 0, hidden=64)
    e = torch.nn.functional.normalize(model.get_input_embeddings().weight[integer_ids(tokenizer)], dim=1)
    similarity = (e @ e.T).detach()
    next_one = similarity.diagonal(1).mean()
    far = similarity.diagonal(100).mean()
    assert next_one > 0.7
    assert next_one > far + 0.4


def test_the_seed_makes_the_weights(tokenizer: PreTrainedTokenizerFast) -> None:
    a, b, c = (build(tokenizer, seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert any(not torch.equal(a[name], c[name]) for name in a)


@pytest.mark.parametrize("size", [64, 128])
def test_an_image_becomes_a_token_for_each_patch_of_16_pixels(
    tokenizer: PreTrainedTokenizerFast, size: int
) -> None:
    model = build_model(tokenizer, hidden=32, layers=3, heads=2, channels=(8, 8, 16, 32), image_size=size)
    tokens = model.model.vision_tower(torch.zeros(2, 3, size, size)).last_hidden_state
    assert tokens.shape == (2, (size // 16) ** 2, 32)
    assert model.config.image_seq_length == (size // 16) ** 2
