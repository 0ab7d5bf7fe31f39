"""How pictures and a question become a model's tokens: its chat template, or its family's own form."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from hybridctl.vla.errors import ArchitectureError, CheckpointError, TokenizerError
from hybridctl.vla.vocabulary import encode

Picture = NDArray[np.uint8]
"""Colour picture, shape (H, W, 3)."""
IDEFICS = ("idefics3", "smolvlm")
"""Families that set marks around an image, and may cut it into tiles."""


class Conversation(Protocol):
    """A model's way to be shown pictures and asked about them.

    Attributes:
        prefix: Token ids up to the last picture, the same for every question.
    """

    prefix: list[int]

    def vision(self, pictures: Sequence[Picture]) -> dict[str, Tensor]:
        """Return what the model's `get_image_features` takes."""
        ...

    def question(self, text: str) -> list[int]:
        """Return the token ids behind the pictures, up to where the answer begins."""
        ...


class PlainConversation:
    """The form of the model that ships: a picture as it is, then the question."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, config: Any) -> None:
        self._tokenizer = tokenizer
        self._size = int(config.vision_config.image_size)
        self.prefix = [int(config.image_token_id)] * int(config.image_seq_length)

    def vision(self, pictures: Sequence[Picture]) -> dict[str, Tensor]:
        """See Conversation.

        Raises:
            CheckpointError: a picture is of another size than the model sees.
        """
        for picture in pictures:
            if picture.shape != (self._size, self._size, 3):
                raise CheckpointError(
                    f"the model sees {self._size}×{self._size} images, the camera gave {picture.shape[:2]}"
                )
        pixels = torch.from_numpy(np.array(pictures, dtype=np.float32)).permute(0, 3, 1, 2)
        return {"pixel_values": pixels / 127.5 - 1}

    def question(self, text: str) -> list[int]:
        """See Conversation."""
        return encode(self._tokenizer, text)


class ChatConversation:
    """The form of a model of transformers, with its image processor.

    Pictures are brought to a square of `size` pixels first: the number of image tokens is then known before
    the first picture, and a place in the picture is a place in what the model sees. Where a template is, the
    user asks up to ` A:`, and the answer begins with what stands behind it.

    Args:
        model: An image-text-to-text model.
        tokenizer: Its tokenizer.
        images: Its image processor.
        processor: Its whole processor, whose prompt is then taken; None where it cannot be had, since
            some need torchvision: then the prompt is put together here.
        count: Pictures of a prompt.
        size: Edge of the square [px].

    Raises:
        TokenizerError: the tokenizer has no such image token as the model.
        ArchitectureError: processor and template disagree, or the model takes fewer pictures.
    """

    def __init__(
        self, model: Any, tokenizer: PreTrainedTokenizerBase, images: Any, processor: Any, *,
        count: int, size: int,
    ) -> None:  # fmt: skip
        self._model, self._tokenizer, self._images = model, tokenizer, images
        self._family = str(model.config.model_type)
        self._count, self._size = count, size
        self._image_id = int(model.config.image_token_id)
        self._image = tokenizer.convert_ids_to_tokens(self._image_id)
        if not self._image or self._image not in tokenizer.get_vocab():
            raise TokenizerError(f"the model's image token {self._image_id} is none of the tokenizer's")
        self._template = getattr(processor, "chat_template", None) or getattr(
            tokenizer, "chat_template", None
        )
        self._takes = set(inspect.signature(model.get_image_features).parameters)
        blank = [np.full((size, size, 3), 128, dtype=np.uint8)] * count
        if processor is None:
            self.prefix = self._own_prefix(self.vision(blank))
        else:
            self.prefix = self._official_prefix(processor, blank)

    def vision(self, pictures: Sequence[Picture]) -> dict[str, Tensor]:
        """See Conversation."""
        found = self._images(self._nested(pictures), return_tensors="pt", **self._whole)
        return {name: value for name, value in found.items() if name in self._takes}

    def question(self, text: str) -> list[int]:
        """See Conversation."""
        return self._split(self._tokens(self._rendered(text)))[1]

    @property
    def _whole(self) -> dict[str, bool]:
        """Tiles would multiply the image tokens: each picture is one."""
        return {"do_image_splitting": False} if self._family in IDEFICS else {}

    def _nested(self, pictures: Sequence[Picture]) -> list[Any]:
        square = [
            Image.fromarray(p).resize((self._size, self._size), Image.Resampling.BICUBIC) for p in pictures
        ]
        return [square] if self._family in IDEFICS else square

    def _rendered(self, text: str, *, official: bool = False) -> str:
        """Return the prompt with one image token a picture; `official` as the family's processor takes it."""
        if self._template:
            asked, _, begun = text.partition(" A:")
            content = [{"type": "image"}] * self._count + [{"type": "text", "text": asked}]
            rendered: str = self._tokenizer.apply_chat_template(
                [{"role": "user", "content": content}],
                chat_template=self._template, add_generation_prompt=True, tokenize=False,
            )  # fmt: skip
            return rendered + begun
        images = self._image * self._count
        if self._family == "paligemma" and not official:  # its processor adds both by itself
            return f"{images}{self._tokenizer.bos_token or ''}{text}\n"
        return f"{images}{text}"

    @property
    def _adds_special(self) -> bool:
        """A template, and PaliGemma's form, hold the beginning of text already."""
        return not self._template and self._family != "paligemma"

    def _tokens(self, rendered: str) -> list[int]:
        return list(self._tokenizer(rendered, add_special_tokens=self._adds_special)["input_ids"])

    def _split(self, ids: list[int]) -> tuple[list[int], list[int]]:
        """Return the ids up to the last picture and behind it."""
        places = [i for i, token in enumerate(ids) if token == self._image_id]
        if not places:
            raise ArchitectureError(
                f"the chat template has no place for a picture: expected {self._image!r} for each"
            )
        return ids[: places[-1] + 1], ids[places[-1] + 1 :]

    def _own_prefix(self, vision: dict[str, Tensor]) -> list[int]:
        """Put the prefix together: each picture's token as often as the model makes features of it."""
        with torch.inference_mode():
            features = self._model.get_image_features(**vision).pooler_output
        ids = self._split(self._tokens(self._rendered("")))[0]
        each, left_over = divmod(sum(part.numel() // part.shape[-1] for part in features), self._count)
        if ids.count(self._image_id) != self._count or left_over:
            raise ArchitectureError(
                f"a {self._family} prompt has places for {ids.count(self._image_id)} pictures where "
                f"{self._count} are shown"
            )
        left, right = self._marks()
        prefix: list[int] = []
        for token in ids:
            prefix += [*left, *[token] * each, *right] if token == self._image_id else [token]
        return prefix

    def _marks(self) -> tuple[list[int], list[int]]:
        """Return what stands before and behind each image's tokens."""
        if self._family not in IDEFICS:
            return [], []
        around, whole = (
            encode(self._tokenizer, mark) for mark in ("<fake_token_around_image>", "<global-img>")
        )
        return around + whole, around

    def _official_prefix(self, processor: Any, blank: Sequence[Picture]) -> list[int]:
        """Let the processor write a whole prompt and take the question off its end."""
        probe = "Q: where? A:"
        found = processor(
            text=[self._rendered(probe, official=True)], images=self._nested(blank), return_tensors="pt",
            add_special_tokens=self._adds_special, **self._whole,
        )  # fmt: skip
        ids = found["input_ids"][0].tolist()
        tail = self.question(probe)
        if ids[len(ids) - len(tail) :] != tail:
            raise ArchitectureError(
                f"a {type(processor).__name__} writes a prompt that does not end in the question: it cannot "
                "be asked several questions about one picture"
            )
        return list(ids[: len(ids) - len(tail)])
