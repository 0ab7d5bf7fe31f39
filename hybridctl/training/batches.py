"""Batches: several questions packed behind one image prefix, blind to each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hybridctl.data.rendered import ImageLabel
from hybridctl.training.questions import Question
from hybridctl.vla.prompts import COLOUR_WORDS, SHAPE_WORDS

KINDS = ("locate", "act", "plan")
SHAPES = (*SHAPE_WORDS, "bowl")
NO_COLOUR = len(COLOUR_WORDS)


@dataclass
class Batch:
    """Tensors of a packed batch; B images, T tokens after the P image patches, A answer tokens in all.

    Attributes:
        pixels: (B, 3, S, S) in [-1, 1].
        tokens: (B, T) ids.
        positions: (B, P + T) rotary positions; every question starts at P.
        mask: (B, 1, P + T, P + T), True where attention is allowed.
        answer_at: (A, 2): image, and position of the token that predicts the answer token.
        answer_id, answer_bin, answer_kind: (A,) token id, its integer or -1, index in KINDS.
        ground_at: (G, 3): image, predicting position, patch of the named thing.
        things: (N, 6) visible things: image, u, v, colour, shape, patch.
    """

    pixels: Tensor
    tokens: Tensor
    positions: Tensor
    mask: Tensor
    answer_at: Tensor
    answer_id: Tensor
    answer_bin: Tensor
    answer_kind: Tensor
    ground_at: Tensor
    things: Tensor

    def to(self, device: str) -> Batch:
        """Return the batch on a device."""
        return Batch(**{name: value.to(device) for name, value in vars(self).items()})


def pack(
    images: NDArray[np.float32], labels: list[ImageLabel], questions: list[list[Question]], *, patches: int,
    pad: int,
) -> Batch:  # fmt: skip
    """Pack images (B, S, S, 3) in [0, 1] and the questions about each."""
    count = len(labels)
    length = max(sum(len(q.prompt) + len(q.answer) - 1 for q in qs) for qs in questions)
    tokens = np.full((count, length), pad, np.int64)
    positions = np.zeros((count, patches + length), np.int64)
    positions[:, :patches] = np.arange(patches)
    owner = np.full((count, patches + length), -1, np.int64)
    owner[:, :patches] = 0
    answers: list[tuple[int, int, int, int, int]] = []
    ground: list[tuple[int, int, int]] = []
    for b, asked in enumerate(questions):
        at = 0
        for index, q in enumerate(asked, start=1):
            ids = [*q.prompt, *q.answer[:-1]]
            tokens[b, at : at + len(ids)] = ids
            span = slice(patches + at, patches + at + len(ids))
            positions[b, span] = patches + np.arange(len(ids))
            owner[b, span] = index
            first = patches + at + len(q.prompt) - 1
            for i, (token, bin_) in enumerate(zip(q.answer, q.bins, strict=True)):
                if q.learn[i]:
                    answers.append((b, first + i, token, bin_, KINDS.index(q.kind)))
            if q.patch >= 0:
                ground.append((b, first, q.patch))
                if q.kind != "plan":
                    ground.append((b, first + 1, q.patch))
            at += len(ids)
    owner_t = torch.from_numpy(owner)
    same = owner_t[:, :, None] == owner_t[:, None, :]
    to_image = (owner_t[:, None, :] == 0) & (owner_t[:, :, None] > 0)
    causal = torch.ones(patches + length, patches + length).tril().bool()
    mask = ((same & causal) | to_image)[:, None]
    table = torch.tensor(answers, dtype=torch.long).reshape(-1, 5)
    return Batch(
        pixels=torch.from_numpy(images).permute(0, 3, 1, 2) * 2 - 1,
        tokens=torch.from_numpy(tokens),
        positions=torch.from_numpy(positions),
        mask=mask,
        answer_at=table[:, :2],
        answer_id=table[:, 2],
        answer_bin=table[:, 3],
        answer_kind=table[:, 4],
        ground_at=torch.tensor(ground, dtype=torch.long).reshape(-1, 3),
        things=torch.tensor(_things(labels, images.shape[1]), dtype=torch.float32).reshape(-1, 6),
    )


def _things(labels: list[ImageLabel], size: int) -> list[tuple[float, ...]]:
    rows: list[tuple[float, ...]] = []
    for b, label in enumerate(labels):
        for thing in label.things:
            u, v = thing.pixel
            if not (thing.visible and 0 <= u < size and 0 <= v < size):
                continue
            words = thing.phrase.split()
            colour = COLOUR_WORDS.index(words[0]) if len(words) == 2 else NO_COLOUR
            patch = int(v // 16) * (size // 16) + int(u // 16)
            rows.append((b, u, v, colour, SHAPES.index(words[-1]), patch))
    return rows
