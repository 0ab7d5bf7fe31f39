"""Constrained greedy decoding: only tokens that the grammar admits can come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import DynamicCache, LlavaForConditionalGeneration

from hybridctl.messages.arrays import FloatArray
from hybridctl.vla.grammar import Grammar


@dataclass
class Decoded:
    """Token ids of an answer and, for each free choice, the distribution over what was allowed.

    Attributes:
        ids: The answer's token ids.
        choices: For each position that had a choice: (position, allowed ids, probabilities).
    """

    ids: list[int] = field(default_factory=list)
    choices: list[tuple[int, tuple[int, ...], FloatArray]] = field(default_factory=list)

    @property
    def log_probability(self) -> float:
        """Sum of log p of the chosen tokens [nat]."""
        total = 0.0
        for position, allowed, p in self.choices:
            total += float(np.log(max(p[allowed.index(self.ids[position])], 1e-30)))
        return min(total, 0.0)

    @property
    def entropy(self) -> float:
        """Mean entropy of the free choices [nat]."""
        values = [-float((p * np.log(np.maximum(p, 1e-30))).sum()) for _, _, p in self.choices]
        return float(np.mean(values)) if values else 0.0


class ImagePrefix:
    """An image's tokens, embedded once; several questions can be asked behind it."""

    def __init__(self, model: LlavaForConditionalGeneration, rgb: NDArray[np.uint8]) -> None:
        pixels = torch.from_numpy(np.array(rgb, dtype=np.float32)).permute(2, 0, 1)[None] / 127.5 - 1
        with torch.inference_mode():
            features = model.get_image_features(pixel_values=pixels).pooler_output
            self.embedding = torch.cat(list(features), dim=0).reshape(1, -1, features[0].shape[-1])
            cache = DynamicCache()
            model.model.language_model(inputs_embeds=self.embedding, past_key_values=cache, use_cache=True)
        self._cache = cache

    def fork(self) -> DynamicCache:
        """Return a cache that holds the image and may be written to."""
        fresh = DynamicCache()
        for index, layer in enumerate(self._cache.layers):
            fresh.update(layer.keys, layer.values, index)
        return fresh


def decode(
    model: LlavaForConditionalGeneration, prefix: ImagePrefix, prompt: Sequence[int], grammar: Grammar
) -> Decoded:
    """Decode greedily behind an image prefix; tokens without a choice cost no forward pass of their own."""
    answer = Decoded()
    pending = list(prompt)
    cache = prefix.fork()
    trunk = model.model.language_model
    with torch.inference_mode():
        while allowed := grammar.allowed(answer.ids):
            if len(allowed) == 1:
                answer.ids.append(allowed[0])
                pending.append(allowed[0])
                continue
            hidden = trunk(
                inputs_embeds=trunk.embed_tokens(torch.tensor([pending])),
                past_key_values=cache,
                use_cache=True,
            ).last_hidden_state[:, -1]
            logits = model.lm_head(hidden)[0][torch.tensor(allowed)]
            p = torch.softmax(logits.double(), dim=0).numpy()
            chosen = allowed[int(p.argmax())]
            answer.choices.append((len(answer.ids), tuple(allowed), p))
            answer.ids.append(chosen)
            pending = [chosen]
    return answer
