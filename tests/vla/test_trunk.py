"""Both trunks compute what the model's own decoder does with its own growing cache."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import (
    DynamicCache,
    GemmaConfig,
    GemmaModel,
    LlamaConfig,
    LlamaModel,
    Qwen2Config,
    Qwen2Model,
)

from hybridctl.vla.kv_cache import next_step
from hybridctl.vla.trunk import FusedTrunk, ModuleTrunk, Trunk, make_cache, make_trunk, rope_positions

SMALL = {
    "vocab_size": 20, "hidden_size": 24, "intermediate_size": 40, "num_hidden_layers": 3,
    "num_attention_heads": 4, "max_position_embeddings": 64, "pad_token_id": 0,
}  # fmt: skip
DECODERS = {
    "llama": lambda: LlamaModel(LlamaConfig(**SMALL, num_key_value_heads=4)),
    "llama, grouped, biased": lambda: LlamaModel(
        LlamaConfig(**SMALL, num_key_value_heads=2, attention_bias=True, mlp_bias=True)
    ),
    "gemma": lambda: GemmaModel(GemmaConfig(**SMALL, num_key_value_heads=1, head_dim=8)),
    "qwen2": lambda: Qwen2Model(Qwen2Config(**SMALL, num_key_value_heads=2)),
}
TRUNKS: list[Callable[..., Trunk]] = [ModuleTrunk, FusedTrunk]


def decoder(name: str) -> torch.nn.Module:
    torch.manual_seed(0)
    built = DECODERS[name]().eval()
    with torch.no_grad():
        for p in built.parameters():  # norms and biases too, which begin at one and zero
            p.add_(torch.randn_like(p) * (0.3 if p.dim() == 1 else p.shape[-1] ** -0.5))
    return built


def own(model: torch.nn.Module, x: Tensor, first: int = 0) -> Tensor:
    """Hidden states of one row by transformers' own forward, token by token on its growing cache."""
    kept = DynamicCache()
    out = []
    for i in range(x.shape[1]):
        positions = torch.tensor([[i + first]])
        out.append(
            model(inputs_embeds=x[:, i : i + 1], position_ids=positions, past_key_values=kept, use_cache=True)
        )
    return torch.cat([o.last_hidden_state for o in out], dim=1)


@pytest.mark.parametrize("build", TRUNKS)
@pytest.mark.parametrize("name", DECODERS)
@pytest.mark.parametrize("first", [0, 1])
@torch.inference_mode()
def test_a_static_cache_gives_what_a_growing_one_gives(
    build: Callable[..., Trunk], name: str, first: int
) -> None:
    model = decoder(name)
    trunk, kept = build(model, first_position=first), make_cache(model, rows=2, capacity=16)
    x = torch.randn(2, 12, 24)
    expected = own(model, x, first)
    kept.begin(2)
    # rows of different lengths: a prompt of 5 and one of 3, then a run of 2 beside 1, then one each
    at = np.zeros(2, dtype=int)
    for counts in ([5, 3], [1, 2], [1, 1], [3, 1]):
        padded = torch.full((2, max(counts), 24), 9.0)
        for row, n in enumerate(counts):
            padded[row, :n] = x[row, at[row] : at[row] + n]
        hidden = trunk(padded, next_step(kept, np.array(counts)))
        at += counts
        for row in range(2):
            torch.testing.assert_close(hidden[row], expected[row, at[row] - 1], atol=2e-4, rtol=1e-4)


@pytest.mark.parametrize("build", TRUNKS)
@torch.inference_mode()
def test_fixed_steps_give_what_growing_ones_give(build: Callable[..., Trunk]) -> None:
    model = decoder("llama, grouped, biased")
    trunk = build(model)
    x = torch.randn(2, 9, 24)
    answers = []
    for fixed in (False, True):
        kept = make_cache(model, rows=2, capacity=16)
        kept.begin(2)
        trunk(x[:, :5], next_step(kept, np.array([5, 5])))
        steps = [trunk(x[:, i : i + 1], next_step(kept, np.array([1, 1]), fixed=fixed)) for i in range(5, 9)]
        answers.append(torch.stack(steps))
    torch.testing.assert_close(answers[0], answers[1], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", DECODERS)
def test_small_decoders_of_llamas_form_are_fused(name: str) -> None:
    assert isinstance(make_trunk(decoder(name)), FusedTrunk)


def test_layers_that_do_something_else_keep_their_own_modules() -> None:
    model = decoder("llama")
    model.layers[1].mlp.register_forward_hook(lambda module, args, out: 2 * out)
    assert isinstance(make_trunk(model), ModuleTrunk)


def test_other_precisions_keep_their_own_modules() -> None:
    assert isinstance(make_trunk(decoder("llama").to(torch.bfloat16)), ModuleTrunk)


def test_positions_that_depend_on_the_length_are_not_fused() -> None:
    rope = {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 10000.0}
    model = LlamaModel(LlamaConfig(**SMALL, num_key_value_heads=4, rope_parameters=rope)).eval()
    with pytest.raises(ValueError, match="dynamic depend on the length"):
        FusedTrunk(model)
    assert isinstance(make_trunk(model), ModuleTrunk)


def test_behind_a_grid_text_goes_on_after_its_highest_position() -> None:
    places = torch.tensor([[0, 1, 2, 3, 4], [2, 3, 4, 5, 6]])
    grid = torch.tensor([[0, 1, 1], [0, 1, 1], [0, 1, 4]])
    found = rope_positions(places, 0, grid)
    assert found[:, 0].tolist() == [[0, 1, 1, 5, 6], [0, 1, 1, 5, 6], [0, 1, 4, 5, 6]]
    assert found[2, 1].tolist() == [4, 5, 6, 7, 8]
    assert rope_positions(places, 1, None).tolist() == (places + 1).tolist()
