"""The peer of `bench decode`: transformers' own `generate`, held to the same grammar by a LogitsProcessor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import LlavaForConditionalGeneration, LogitsProcessor, LogitsProcessorList

from hybridctl.vla.automaton import Grammar


class GrammarProcessor(LogitsProcessor):  # type: ignore[misc]
    """Adds -inf to every token that may not come next; the masks of all states are made beforehand.

    Behind an answer's end only the padding token may follow, so that shorter answers of a batch wait.
    """

    def __init__(self, grammar: Grammar, *, vocabulary: int, padding: int) -> None:
        self._bias = torch.full((grammar.done.size, vocabulary), -torch.inf)
        self._next = torch.zeros((grammar.done.size, vocabulary), dtype=torch.long)
        columns = torch.from_numpy(grammar.alphabet)
        allowed, following = torch.from_numpy(grammar.allowed), torch.from_numpy(grammar.following)
        self._bias[:, columns] = torch.zeros(allowed.shape).masked_fill(~allowed, -torch.inf)
        self._next[:, columns] = following
        done = torch.from_numpy(np.flatnonzero(grammar.done))
        self._bias[done, padding] = 0.0
        self._next[done, padding] = done
        self._states: Tensor | None = None

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Return the scores with the bias of each row's state."""
        if self._states is None:
            self._states = torch.zeros(input_ids.shape[0], dtype=torch.long)
        else:
            self._states = self._next[self._states, input_ids[:, -1]]
        biased: Tensor = scores + self._bias[self._states]
        return biased


class HfGenerate:
    """Greedy answers of a Llava model by `generate`, image included in every call.

    Args:
        model: The model.
        grammar: What an answer may be.
        padding: The padding token.
        end: The token that ends an answer early; None where all answers are equally long.
    """

    def __init__(
        self, model: LlavaForConditionalGeneration, grammar: Grammar, *, padding: int, end: int | None
    ) -> None:
        self._model, self._grammar, self._padding, self._end = model, grammar, padding, end

    @torch.inference_mode()
    def answer(self, pixels: Tensor, prompts: Sequence[Sequence[int]]) -> list[list[int]]:
        """Return the answers to one prompt an image, pixels of shape (n, 3, S, S)."""
        config: Any = self._model.config
        image = [config.image_token_id] * config.image_seq_length
        longest = max(map(len, prompts))
        pads = [longest - len(prompt) for prompt in prompts]
        ids = torch.tensor(
            [[self._padding] * pad + image + list(p) for pad, p in zip(pads, prompts, strict=True)]
        )
        mask = torch.ones_like(ids)
        for row, pad in enumerate(pads):
            mask[row, :pad] = 0
        processor = GrammarProcessor(
            self._grammar, vocabulary=config.text_config.vocab_size, padding=self._padding
        )
        out = self._model.generate(
            input_ids=ids, attention_mask=mask, pixel_values=pixels, do_sample=False,
            max_new_tokens=self._grammar.longest, eos_token_id=self._end, pad_token_id=self._padding,
            logits_processor=LogitsProcessorList([processor]),
        )[:, ids.shape[1] :]  # fmt: skip
        answers = []
        for row in out.tolist():
            while row and row[-1] == self._padding:
                row.pop()
            answers.append(row)
        return answers
