"""What a model has seen, ready to be asked about: the tokens up to the questions, run once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

BOTH_WAYS = ("paligemma",)
"""Model types whose prompt sees itself in both directions: an image's keys depend on the question there."""


@dataclass(frozen=True, eq=False)
class ImagePrefix:
    """The part of a prompt that several questions share.

    Attributes:
        embedding: Its tokens with the image's features in their places, shape (length, hidden).
        store: Keys and values of all layers, shape (layers, length, 2·heads, head width); None where every
            question runs them again: for a single one, and for a model whose prompt sees itself in both
            directions.
    """

    embedding: Tensor
    store: Tensor | None

    def __len__(self) -> int:
        return self.embedding.shape[0]


def embed_prefix(model: nn.Module, ids: Sequence[int], vision: dict[str, Tensor]) -> Tensor:
    """Embed a prefix's tokens for each set of images, shape (n, length, hidden).

    Args:
        model: An image-text-to-text model of transformers.
        ids: The prefix's tokens; the image token stands where an image feature belongs.
        vision: What the model's `get_image_features` takes, for the pictures of all n prefixes.

    Raises:
        ValueError: there are more or fewer image tokens than the images have features.
    """
    owner: Any = model
    embed = owner.get_input_embeddings()
    tokens = torch.tensor(list(ids), device=embed.weight.device)
    image = tokens == owner.config.image_token_id
    found = owner.get_image_features(**vision).pooler_output
    features = torch.cat([part.reshape(-1, part.shape[-1]) for part in found])
    count, left = divmod(features.shape[0], max(1, int(image.sum())))
    if left or not count:
        raise ValueError(
            f"the prefix has {int(image.sum())} image tokens, the images have {features.shape[0]} features"
        )
    # An image token may lie outside the vocabulary (PaliGemma): anything inside stands in for it.
    words: Tensor = embed(torch.where(image, 0, tokens))[None].repeat(count, 1, 1)
    words[:, image] = features.reshape(count, -1, features.shape[-1]).to(words.dtype)
    return words


def grid_positions(model: nn.Module, ids: Sequence[int], vision: dict[str, Tensor]) -> Tensor | None:
    """Return where a prefix's tokens lie in time, height and width, shape (3, length).

    None for a model that counts its tokens one after another.

    Args:
        model: An image-text-to-text model of transformers.
        ids: The prefix's tokens.
        vision: What its `get_image_features` takes, for one prefix.
    """
    owner: Any = model
    inner: Any = getattr(owner, "model", None)
    if not hasattr(inner, "get_rope_index") or "image_grid_thw" not in vision:
        return None
    tokens = torch.tensor([list(ids)])
    kinds = (tokens == owner.config.image_token_id).int()
    found: Tensor = inner.get_rope_index(tokens, kinds, image_grid_thw=vision["image_grid_thw"])[0]
    return found[:, 0].to(owner.get_input_embeddings().weight.device)
