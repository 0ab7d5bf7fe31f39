"""Constrained decoding on a transformers model: images seen once, questions batched, one static cache."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hybridctl.vla.automaton import Grammar, IntArray, union
from hybridctl.vla.constrained import walk
from hybridctl.vla.cuda_graph import GraphedTrunk
from hybridctl.vla.decoded import Answer
from hybridctl.vla.image_prefix import BOTH_WAYS, ImagePrefix, embed_prefix
from hybridctl.vla.kv_cache import KvCache, next_step
from hybridctl.vla.sampling import GREEDY, DecodingError, Draw
from hybridctl.vla.trunk import Trunk, make_cache, make_trunk

_HEADS_KEPT = 32
"""For so many sets of grammars the head's rows are kept."""
_ROOM = 64
"""A cache grows by multiples of so many tokens."""


@dataclass(frozen=True, eq=False)
class Question:
    """A question about what an image prefix shows.

    Attributes:
        prefix: What is looked at.
        prompt: Token ids of the question.
        grammar: What an answer may be.
        samples: How many answers are drawn beside the most likely one.
        temperature: At which they are drawn, above 0.
        seed: By which they are drawn: the same seed draws the same answers.
    """

    prefix: ImagePrefix
    prompt: Sequence[int]
    grammar: Grammar
    samples: int = 0
    temperature: float = 1.0
    seed: int = 0


class Decoder:
    """A model made ready to answer questions under grammars; one call at a time.

    Args:
        model: An image-text-to-text model.
        grid: Positions of the prefix's tokens for a model that turns images in three dimensions, see
            `image_prefix.grid_positions`; all its prefixes must then be alike.
        fused: Whether a small decoder may be run in fewer, larger operations.

    Raises:
        ValueError: the model's layers do not all look at everything (sliding windows), or it bounds its
            logits; neither is computed here.
    """

    def __init__(self, model: nn.Module, *, grid: Tensor | None = None, fused: bool = True) -> None:
        owner: Any = model
        self._model: Any = model
        self._decoder: Any = owner.get_decoder()
        config = self._decoder.config
        unlike = sorted(set(getattr(config, "layer_types", None) or ()) - {"full_attention"})
        if getattr(config, "final_logit_softcapping", None):
            unlike.append("final_logit_softcapping")
        if unlike:
            raise ValueError(
                f"a decoder of type {config.model_type} has {', '.join(unlike)}, which this loop does not "
                "compute: expected full attention and plain logits"
            )
        self._both_ways = owner.config.model_type in BOTH_WAYS
        self._trunk = make_trunk(self._decoder, first_position=int(self._both_ways), grid=grid, fused=fused)
        self._step_trunk: Trunk = self._trunk
        self._graphs = next(model.parameters()).is_cuda
        if self._graphs:
            self._step_trunk = GraphedTrunk(self._trunk)
        self._cache: KvCache | None = None
        self._heads: OrderedDict[tuple[Grammar, ...], tuple[Grammar, IntArray, _Head]] = OrderedDict()
        self._lock = threading.Lock()

    @torch.inference_mode()
    def see(self, ids: Sequence[int], *, shared: bool = True, **vision: Tensor) -> list[ImagePrefix]:
        """Look at images: the tokens up to the questions, for each image.

        Args:
            ids: Token ids of the prefix, the image token where image features belong.
            shared: Several questions will follow, so the decoder's layers run on the prefix once, now. For a
                single question it is faster to run them on image and question together.
            vision: What the model's `get_image_features` takes, for the pictures of one prefix or of several.

        Returns:
            A prefix for each image.

        Raises:
            DecodingError: a weight or a pixel is NaN or infinite.
            ValueError: image tokens and image features are not equally many.
        """
        with self._lock:
            embedding = embed_prefix(self._model, ids, vision)
            count, length = embedding.shape[:2]
            if self._both_ways or not shared:
                return [ImagePrefix(one, None) for one in embedding]
            cache = self._room(count, length)
            cache.begin(count)
            hidden = self._trunk(embedding, next_step(cache, np.full(count, length)))
            if not hidden.isfinite().all():  # the last token has looked at all others
                self._cache = None  # what is not finite there would reach others through masked places
                raise DecodingError(
                    "what the model sees is not finite: its weights or its image hold NaN or infinite values"
                )
            stores = cache.store[:, :count, :length].unbind(1)
            return [ImagePrefix(one, s.clone()) for one, s in zip(embedding, stores, strict=True)]

    @torch.inference_mode()
    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        """Answer questions in one batch; each as if it were asked alone.

        Raises:
            DecodingError: the model's logits are not finite.
            ValueError: a question has no prompt, or a temperature that nothing can be drawn at.
        """
        if not questions:
            return []
        if not all(len(question.prompt) for question in questions):
            raise ValueError("a question without a prompt: expected one token or more")
        grammars = tuple(dict.fromkeys(question.grammar for question in questions))
        draws = [draw for question in questions for draw in _draws(question)]
        owners = np.repeat(np.arange(len(questions)), [1 + q.samples for q in questions])
        with self._lock:
            grammar, starts, head = self._head(grammars)
            longest = max(len(q.prefix) + len(q.prompt) for q in questions) + 2 * grammar.longest
            cache = self._room(owners.size, longest)
            source = _ModelLogits(self, questions, cache, head)
            begins = starts[[grammars.index(question.grammar) for question in questions]]
            sampled = any(draw is not GREEDY for draw in draws)
            try:
                went = walk(source, grammar, starts=begins, owners=owners, draws=draws if sampled else None)
            except DecodingError:
                self._cache = None
                raise
            answers = went.decoded()
        found = []
        for question in questions:
            mine, answers = answers[: 1 + question.samples], answers[1 + question.samples :]
            found.append(Answer(mine[0], mine[1:]))
        return found

    def _room(self, rows: int, length: int) -> KvCache:
        """Return the cache, replaced by a larger one where it is too small."""
        kept = self._cache
        if kept is None or kept.rows < rows or kept.capacity < length:
            rows = max(rows, kept.rows if kept else 0)
            length = max(-(-length // _ROOM) * _ROOM, kept.capacity if kept else 0)
            self._cache = kept = make_cache(self._decoder, rows=rows, capacity=length)
        return kept

    def _head(self, grammars: tuple[Grammar, ...]) -> tuple[Grammar, IntArray, _Head]:
        """Return the grammars side by side, where each begins, and the head's rows for their tokens."""
        kept = self._heads.get(grammars)
        if kept is None:
            grammar, starts = union(grammars)
            kept = grammar, np.array(starts), _Head(self._model, grammar.alphabet)
            self._heads[grammars] = kept
            if len(self._heads) > _HEADS_KEPT:
                self._heads.popitem(last=False)
        self._heads.move_to_end(grammars)
        return kept


def _draws(question: Question) -> list[Draw]:
    samples = [
        Draw.seeded(question.temperature, seed=question.seed, sample=i) for i in range(question.samples)
    ]
    return [GREEDY, *samples]


class _Head:
    """The output layer's rows for a grammar's tokens: no other logit is ever computed."""

    def __init__(self, model: Any, alphabet: IntArray) -> None:
        head = model.get_output_embeddings()
        rows = torch.from_numpy(alphabet).to(head.weight.device)
        self._weight = head.weight.detach()[rows].t().contiguous()
        bias = getattr(head, "bias", None)
        self._bias = None if bias is None else bias.detach()[rows]

    def __call__(self, hidden: Tensor) -> NDArray[np.float32]:
        logits = hidden @ self._weight
        if self._bias is not None:
            logits = logits + self._bias
        array: NDArray[np.float32] = logits.float().cpu().numpy()
        return array


class _ModelLogits:
    """The model as a source of logits: prompts behind their prefixes, then token by token."""

    def __init__(self, decoder: Decoder, questions: Sequence[Question], cache: KvCache, head: _Head) -> None:
        self._decoder, self._questions, self._cache, self._head = decoder, questions, cache, head
        self._embed = decoder._model.get_input_embeddings()
        self._begun = False

    def __call__(self, owners: IntArray, tokens: IntArray, counts: IntArray) -> NDArray[np.float32]:
        """See LogitSource."""
        if not self._begun:
            self._begun = True
            return self._head(self._prompts([self._questions[i] for i in owners], tokens, counts))
        self._cache.take(owners)
        fixed = self._decoder._graphs and tokens.shape[1] == 1
        step = next_step(self._cache, counts, fixed=fixed)
        x = self._embed(torch.from_numpy(np.maximum(tokens, 0)).to(self._cache.store.device))
        trunk = self._decoder._step_trunk if fixed else self._decoder._trunk
        return self._head(trunk(x, step))

    def _prompts(self, questions: list[Question], tokens: IntArray, counts: IntArray) -> Tensor:
        """Run the prompts with the tokens that follow without a choice."""
        texts = [
            [*question.prompt, *forced[:n].tolist()]
            for question, forced, n in zip(questions, tokens, counts, strict=True)
        ]
        lengths = np.array([len(text) for text in texts])
        ids = torch.zeros((len(texts), int(lengths.max())), dtype=torch.long)
        for row, text in enumerate(texts):
            ids[row, : len(text)] = torch.tensor(text)
        x = self._embed(ids.to(self._cache.store.device))
        stores = [question.prefix.store for question in questions]
        ready = [store for store in stores if store is not None]
        if len(ready) == len(stores):
            self._cache.load(ready)
            return self._decoder._trunk(x, next_step(self._cache, lengths))
        images = [question.prefix.embedding for question in questions]
        joined = [torch.cat([image, words[:n]]) for image, words, n in zip(images, x, lengths, strict=True)]
        self._cache.begin(len(questions))
        counts = np.array([len(row) for row in joined])
        whole = counts - (lengths - [len(question.prompt) for question in questions])
        step = next_step(self._cache, counts, seen_whole=whole if self._decoder._both_ways else None)
        return self._decoder._trunk(nn.utils.rnn.pad_sequence(joined, batch_first=True), step)
