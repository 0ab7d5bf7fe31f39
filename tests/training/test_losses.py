"""The losses of a batch: finite, each with a gradient where it is meant to act."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from hybridctl.data.rendered import ImageLabel
from hybridctl.training.batches import Batch, pack
from hybridctl.training.losses import GROUNDING_HEADS, GROUNDING_LAYER, TrainingModule
from hybridctl.training.questions import QuestionMaker
from hybridctl.training.recipe import Recipe

Build = Callable[..., TrainingModule]


@pytest.fixture(scope="module")
def batch(images: list[tuple[np.ndarray, ImageLabel]], maker: QuestionMaker) -> Batch:
    rng = np.random.default_rng(0)
    some = images[:3]
    questions = [maker.sample(rng, label, locate=2, act=1, plan=1) for _, label in some]
    return pack(
        np.stack([image for image, _ in some]), [label for _, label in some], questions, patches=64, pad=0
    )


def attention_of(module: TrainingModule) -> torch.nn.Module:
    return module.model.model.language_model.layers[GROUNDING_LAYER].self_attn


def gradient(module: TrainingModule, batch: Batch) -> dict[str, torch.Tensor]:
    module.zero_grad()
    module(batch)[0].backward()
    return {name: p.grad.clone() for name, p in module.named_parameters() if p.grad is not None}


def test_all_losses_and_gradients_are_finite_and_every_weight_is_reached(
    build_module: Build, batch: Batch
) -> None:
    module = build_module()
    total, parts = module(batch)
    assert set(parts) == {"answers", "locate", "act", "plan", "grounding", "detection", "alignment"}
    assert torch.isfinite(total)
    assert all(torch.isfinite(value) and value > 0 for value in parts.values())
    whole = parts["answers"] + parts["grounding"] + parts["detection"] + parts["alignment"]
    torch.testing.assert_close(total.detach(), whole)
    gradients = gradient(module, batch)
    assert gradients.keys() == dict(module.named_parameters()).keys()
    assert all(torch.isfinite(g).all() for g in gradients.values())
    assert all(g.abs().max() > 0 for g in gradients.values())


def test_grounding_reaches_the_queries_of_its_layer_through_its_heads_alone(
    build_module: Build, batch: Batch, tiny: Recipe
) -> None:
    name = f"model.model.language_model.layers.{GROUNDING_LAYER}.self_attn.q_proj.weight"
    grounded = gradient(build_module(tiny), batch)[name]
    without = gradient(build_module(tiny.model_copy(update={"grounding_weight": 0.0})), batch)[name]
    rows = GROUNDING_HEADS * attention_of(build_module(tiny)).head_dim
    by_grounding = (grounded - without).abs()
    assert 0 < rows < len(by_grounding)
    assert by_grounding[:rows].amax(dim=1).min() > 1e-6
    assert by_grounding[rows:].max() < 1e-8


def test_grounding_speaks_of_the_attention_that_the_model_really_pays(
    build_module: Build, batch: Batch
) -> None:
    module = build_module().eval()
    module.model.model.language_model.set_attn_implementation("eager")
    seen: list[torch.Tensor] = []
    attention_of(module).register_forward_hook(lambda _, __, out: seen.append(out[1]))
    bool_mask = batch.mask
    batch_eager = Batch(**vars(batch))
    batch_eager.mask = torch.zeros(bool_mask.shape).masked_fill(~bool_mask, torch.finfo(torch.float32).min)
    with torch.no_grad():
        _, parts = module(batch_eager)
    b, at, patch = batch.ground_at.unbind(1)
    paid = seen[0][b, :GROUNDING_HEADS, at, :64]
    share = paid / paid.sum(dim=-1, keepdim=True)
    expected = -torch.log(share[torch.arange(len(b)), :, patch]).mean()
    torch.testing.assert_close(parts["grounding"], expected, atol=1e-4, rtol=1e-4)


def test_a_few_steps_on_one_batch_lower_every_loss(build_module: Build, batch: Batch) -> None:
    module = build_module()
    optimizer = torch.optim.AdamW(module.parameters(), lr=3e-3)
    _, before = module(batch)
    for _ in range(30):
        loss, after = module(batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    for name in ("answers", "plan", "grounding", "detection", "alignment"):
        assert after[name] < before[name], name
    assert after["answers"] < 0.8 * before["answers"]


def test_an_integer_next_to_the_right_one_costs_less_than_one_far_off(
    build_module: Build, batch: Batch
) -> None:
    module = build_module()
    integer = batch.answer_bin >= 0
    assert integer.any()

    def cost(shift: int) -> float:
        """Loss of a model that says the right bin moved by `shift`, spread like the target's."""
        said = (batch.answer_bin + shift).clamp(0, 255)
        logits = torch.full((len(said), module.model.config.text_config.vocab_size), -50.0)
        spread = -0.5 * ((torch.arange(256)[None] - said[:, None]) / module.recipe.sigma_bins) ** 2
        logits[:, module.integers] = spread.clamp(min=-40.0)
        module.answer_logits = lambda *_: logits
        try:
            parts = module._answers(batch, torch.zeros(1))
        finally:
            del module.answer_logits
        return float(parts["locate"])

    assert cost(0) < cost(1) < cost(3) < cost(20)
