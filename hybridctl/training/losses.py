"""The losses of one packed batch: answers, grounding, detection and alignment (FIELD.md §8)."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import LlavaForConditionalGeneration
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

from hybridctl.training.batches import KINDS, SHAPES, Batch
from hybridctl.training.recipe import Recipe
from hybridctl.vla.prompts import COLOUR_WORDS

GROUNDING_LAYER = 2
GROUNDING_HEADS = 2


class TrainingModule(nn.Module):
    """The model with the heads that exist while training only; what is saved is a plain Llava."""

    integers: Tensor
    last_log_p: Tensor

    def __init__(self, model: LlavaForConditionalGeneration, integers: list[int], recipe: Recipe) -> None:
        super().__init__()
        self.model = model
        self.recipe = recipe
        hidden = model.config.text_config.hidden_size
        stride8 = model.config.vision_config.channels[2]
        self.detector = nn.Conv2d(stride8, 1 + len(COLOUR_WORDS) + len(SHAPES) + 2, 1)
        self.align = nn.ModuleList([nn.Linear(hidden, hidden, bias=False) for _ in range(4)])
        self.register_buffer("integers", torch.tensor(integers), persistent=False)
        self._captured: dict[str, Any] = {}
        layer = model.model.language_model.layers[GROUNDING_LAYER]
        layer.self_attn.register_forward_pre_hook(self._capture, with_kwargs=True)

    def forward(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the total loss and its parts, detached."""
        base = self.model.model
        stride8 = base.vision_tower.stride8(batch.pixels)
        image = base.multi_modal_projector(base.vision_tower.tokens(stride8))
        text = base.language_model.embed_tokens(batch.tokens)
        hidden = base.language_model(
            inputs_embeds=torch.cat([image, text], dim=1),
            attention_mask=batch.mask,
            position_ids=batch.positions,
            use_cache=False,
        ).last_hidden_state
        recipe = self.recipe
        parts = self._answers(batch, hidden)
        parts["grounding"] = self._grounding(batch, image.shape[1])
        parts["detection"] = self._detection(batch, stride8)
        parts["alignment"] = self._alignment(batch, image)
        total = parts["answers"] + recipe.grounding_weight * parts["grounding"]
        total = total + recipe.detection_weight * parts["detection"]
        total = total + recipe.alignment_weight * parts["alignment"]
        return total, {name: value.detach() for name, value in parts.items()}

    def answer_logits(self, batch: Batch, hidden: Tensor) -> Tensor:
        """Return the logits that predict each answer token, shape (A, vocabulary)."""
        logits: Tensor = self.model.lm_head(hidden[batch.answer_at[:, 0], batch.answer_at[:, 1]])
        return logits

    def _answers(self, batch: Batch, hidden: Tensor) -> dict[str, Tensor]:
        """Cross-entropy; integers against a Gaussian over neighbouring bins."""
        log_p = F.log_softmax(self.answer_logits(batch, hidden).float(), dim=-1)
        hard = -log_p.gather(1, batch.answer_id[:, None])[:, 0]
        grid = torch.arange(len(self.integers), device=log_p.device)
        offset = (grid[None] - batch.answer_bin[:, None]) / max(self.recipe.sigma_bins, 1e-3)
        target = torch.softmax(-0.5 * offset**2, dim=1)
        soft = -(target * log_p[:, self.integers]).sum(1)
        loss = torch.where(batch.answer_bin >= 0, soft, hard)
        parts = {"answers": loss.mean()}
        for i, kind in enumerate(KINDS):
            mine = loss[batch.answer_kind == i]
            if mine.numel():
                parts[kind] = mine.mean()
        self.last_log_p = log_p.detach().cpu()
        return parts

    def _capture(self, _: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._captured = {
            "hidden": kwargs["hidden_states"] if "hidden_states" in kwargs else args[0],
            "rotary": kwargs["position_embeddings"],
        }

    def _grounding(self, batch: Batch, patches: int) -> Tensor:
        """Cross-entropy of two heads' attention logits over the image, target: the named thing's patch."""
        attention = self.model.model.language_model.layers[GROUNDING_LAYER].self_attn
        hidden, (cos, sin) = self._captured["hidden"], self._captured["rotary"]
        cos, sin = cos.expand(hidden.shape[0], -1, -1), sin.expand(hidden.shape[0], -1, -1)
        width = attention.head_dim * GROUNDING_HEADS
        b, at, patch = batch.ground_at.unbind(1)
        q = F.linear(hidden[b, at], attention.q_proj.weight[:width])
        k = F.linear(hidden[:, :patches], attention.k_proj.weight[:width])
        q = q.view(-1, GROUNDING_HEADS, 1, attention.head_dim)
        k = k.view(-1, patches, GROUNDING_HEADS, attention.head_dim).transpose(1, 2)
        q, _ = apply_rotary_pos_emb(q, q, cos[b, at][:, None], sin[b, at][:, None])
        k, _ = apply_rotary_pos_emb(k, k, cos[:, :patches], sin[:, :patches])
        logits = (q @ k[b].transpose(2, 3))[:, :, 0] * attention.scaling
        target = patch[:, None].expand(-1, GROUNDING_HEADS)
        return F.cross_entropy(logits.reshape(-1, patches).float(), target.reshape(-1))

    def _detection(self, batch: Batch, stride8: Tensor) -> Tensor:
        out = self.detector(stride8)
        image, u, v, colour, shape, _ = batch.things.unbind(1)
        b, col, row = image.long(), (u / 8).long(), (v / 8).long()
        presence = torch.zeros_like(out[:, 0])
        presence[b, row, col] = 1.0
        loss = F.binary_cross_entropy_with_logits(out[:, 0], presence, pos_weight=presence.new_tensor(10.0))
        at = out[b, :, row, col]
        n_colour = len(COLOUR_WORDS)
        coloured = colour < n_colour
        if coloured.any():
            loss = loss + F.cross_entropy(at[coloured, 1 : 1 + n_colour], colour[coloured].long())
        loss = loss + F.cross_entropy(at[:, 1 + n_colour : 1 + n_colour + len(SHAPES)], shape.long())
        offset = torch.stack([u / 8 - col, v / 8 - row], dim=1)
        return loss + F.smooth_l1_loss(at[:, -2:], offset, beta=0.1)

    def _alignment(self, batch: Batch, image: Tensor) -> Tensor:
        """A thing's patch token says its colour, shape, x and y in the tied vocabulary."""
        things = batch.things
        token = image[things[:, 0].long(), things[:, 5].long()]
        table = self.model.get_input_embeddings().weight
        scale = 256.0 / batch.pixels.shape[-1]
        loss = token.new_zeros(())
        targets = (
            self.word_ids["colour"][things[:, 3].long()],
            self.word_ids["shape"][things[:, 4].long()],
            self.integers[(things[:, 1] * scale).long()],
            self.integers[(things[:, 2] * scale).long()],
        )
        for head, target in zip(self.align, targets, strict=True):
            loss = loss + F.cross_entropy(head(token) @ table.T, target, ignore_index=-100) / 4
        return loss

    def set_words(self, colours: list[int], shapes: list[int]) -> None:
        """Tell the token ids of the colour and shape words (the bowl has no colour word)."""
        device = self.integers.device
        self.word_ids = {
            "colour": torch.tensor([*colours, -100], device=device),
            "shape": torch.tensor(shapes, device=device),
        }
