"""The embedded model's architecture: a Llava of about 1.3 million parameters."""

from __future__ import annotations

import math

import torch
from torch import nn
from transformers import LlamaConfig, LlavaConfig, LlavaForConditionalGeneration, PreTrainedTokenizerFast

from hybridctl.vla.tower import ConvTowerConfig
from hybridctl.vla.vocabulary import integer_ids


def build_model(
    tokenizer: PreTrainedTokenizerFast, *, hidden: int, layers: int, heads: int, channels: tuple[int, ...],
    image_size: int = 128,
) -> LlavaForConditionalGeneration:  # fmt: skip
    """Return a fresh model: 1/√h trunk, Fourier-initialised integer embeddings, tied head.

    The caller seeds torch. Initialisation after FIELD.md §8: a trunk at 1/√h, embeddings at h^-½; integers
    start on smooth curves, so that neighbouring bins begin as neighbours.
    """
    config = LlavaConfig(
        vision_config=ConvTowerConfig(channels=channels, image_size=image_size),
        text_config=LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=hidden,
            intermediate_size=4 * hidden,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            num_key_value_heads=heads,
            max_position_embeddings=512,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        ),
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        vision_feature_layer=-1,
        vision_feature_select_strategy="full",
        image_seq_length=(image_size // 16) ** 2,
        tie_word_embeddings=True,
    )
    model = LlavaForConditionalGeneration(config)
    trunk = model.model.language_model
    with torch.no_grad():
        for module in trunk.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=1 / math.sqrt(module.in_features))
        for module in model.model.multi_modal_projector.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=1 / math.sqrt(module.in_features))
                nn.init.zeros_(module.bias)
        embedding = trunk.embed_tokens.weight
        nn.init.normal_(embedding, std=hidden**-0.5)
        ids = integer_ids(tokenizer)
        embedding[ids] = _fourier(len(ids), hidden)
    model.tie_weights()
    return model


def _fourier(count: int, hidden: int) -> torch.Tensor:
    """Return smooth codes of 0 … count-1, shape (count, hidden), entries of variance 1/hidden."""
    position = torch.arange(count, dtype=torch.float32)[:, None] / count
    frequency = torch.exp(torch.linspace(math.log(0.25), math.log(32.0), hidden // 2))[None]
    phase = 2 * math.pi * position * frequency
    code = torch.cat([torch.sin(phase), torch.cos(phase)], dim=1) * math.sqrt(2.0)
    mixing = torch.linalg.qr(torch.randn(hidden, hidden))[0]
    scaled: torch.Tensor = code @ mixing * hidden**-0.5 * 0.7
    return scaled
