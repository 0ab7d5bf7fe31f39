"""Tiny random models of the shipped architecture and of others, and the shipped model itself."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from transformers import (
    GemmaConfig,
    Idefics3Config,
    Idefics3ForConditionalGeneration,
    LlamaConfig,
    LlavaForConditionalGeneration,
    PaliGemmaConfig,
    PaliGemmaForConditionalGeneration,
    PreTrainedTokenizerFast,
    SiglipVisionConfig,
    SmolVLMConfig,
    SmolVLMForConditionalGeneration,
)

from hybridctl.messages.arm import ArmState
from hybridctl.messages.observation import Observation
from hybridctl.vla.architecture import build_model
from hybridctl.vla.checkpoint import Checkpoint
from hybridctl.vla.policy import CheckpointPolicy, load_policy
from hybridctl.vla.statistics import EMBEDDED_STATISTICS
from hybridctl.vla.vocabulary import build_tokenizer

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tokenizer() -> PreTrainedTokenizerFast:
    return build_tokenizer()


@pytest.fixture(scope="session")
def tiny_model(tokenizer: PreTrainedTokenizerFast) -> Callable[[int], LlavaForConditionalGeneration]:
    def build(seed: int) -> LlavaForConditionalGeneration:
        torch.manual_seed(seed)
        return build_model(tokenizer, hidden=32, layers=3, heads=2, channels=(8, 8, 16, 32)).eval()

    return build


@pytest.fixture(scope="session")
def tiny_policy(
    tokenizer: PreTrainedTokenizerFast, tiny_model: Callable[[int], LlavaForConditionalGeneration]
) -> Callable[[int], CheckpointPolicy]:
    def build(seed: int) -> CheckpointPolicy:
        return CheckpointPolicy(Checkpoint(tiny_model(seed), tokenizer, EMBEDDED_STATISTICS, Path("tiny")))

    return build


@pytest.fixture(scope="session")
def shipped() -> CheckpointPolicy:
    return load_policy()


@pytest.fixture(scope="session")
def observe() -> Callable[..., Observation]:
    """An observation of noise (a model that sees noise must still answer in form)."""

    def build(seed: int = 0, *, size: int = 128, yaw: float = 0.0, stamp: float = 3.0) -> Observation:
        rng = np.random.default_rng(seed)
        T = np.eye(4)
        T[:3, :3] = np.array([[np.cos(yaw), np.sin(yaw), 0], [np.sin(yaw), -np.cos(yaw), 0], [0, 0, -1.0]])
        T[:3, 3] = 0.5, 0.0, 0.25
        arm = ArmState(np.zeros(7), np.zeros(7), np.zeros(7), 0.08, 0.0, stamp)
        return Observation(
            rgb=rng.integers(0, 256, (size, size, 3), dtype=np.uint8), depth=np.ones((size, size)),
            K=np.array([[180.0, 0, size / 2], [0, 180.0, size / 2], [0, 0, 1]]), T_base_camera=np.eye(4),
            T_base_tool=T, arm=arm, stamp=stamp, camera="noise",
        )  # fmt: skip

    return build


VOCABULARY = 120
IMAGE = 119


@dataclass(frozen=True)
class Architecture:
    """A model, the tokens of its prefix, and what it sees of random pictures: n of them by a seed."""

    model: nn.Module
    prefix: list[int]
    see: Callable[[int, int], dict[str, Tensor]]


def paligemma(seed: int) -> Architecture:
    torch.manual_seed(seed)
    config = PaliGemmaConfig(
        vision_config=SiglipVisionConfig(
            hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2,
            image_size=32, patch_size=16, projection_dim=24,
        ).to_dict(),
        text_config=GemmaConfig(
            vocab_size=VOCABULARY, hidden_size=24, intermediate_size=40, num_hidden_layers=3,
            num_attention_heads=4, num_key_value_heads=1, head_dim=8, max_position_embeddings=256,
            pad_token_id=0, eos_token_id=2, bos_token_id=None,
        ).to_dict(),
        projection_dim=24, hidden_size=24, image_token_index=IMAGE, image_token_id=IMAGE,
    )  # fmt: skip
    return Architecture(
        _wide(PaliGemmaForConditionalGeneration(config)),
        [IMAGE] * 4,
        lambda s, n: {"pixel_values": _noise(s, n)},
    )


def idefics3(seed: int) -> Architecture:
    return _idefics(seed, Idefics3Config, Idefics3ForConditionalGeneration)


def smolvlm(seed: int) -> Architecture:
    return _idefics(seed, SmolVLMConfig, SmolVLMForConditionalGeneration)


def _idefics(seed: int, config_class: type, model_class: type) -> Architecture:
    torch.manual_seed(seed)
    config = config_class(
        vision_config={
            "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2,
            "image_size": 32, "patch_size": 8,
        },
        text_config=LlamaConfig(
            vocab_size=VOCABULARY, hidden_size=24, intermediate_size=40, num_hidden_layers=2,
            num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=256,
            pad_token_id=0, eos_token_id=2, bos_token_id=None,
        ).to_dict(),
        image_token_id=IMAGE, scale_factor=2, pad_token_id=0,
    )  # fmt: skip
    # the image stands between words, as in these models' own prompts
    return Architecture(
        _wide(model_class(config)),
        [5, 7, *[IMAGE] * 4, 7],
        lambda s, n: {"pixel_values": _noise(s, n)[:, None]},
    )


def _noise(seed: int, count: int) -> Tensor:
    return torch.randn((count, 3, 32, 32), generator=torch.Generator().manual_seed(seed))


def _wide(model: nn.Module) -> nn.Module:
    """Weights so large that answers differ: at the usual 0.02 all logits are next to equal."""
    with torch.no_grad():
        for p in model.parameters():
            if p.dim() > 1:
                p.normal_(std=p[0].numel() ** -0.5 if p.dim() == 2 else 0.05)
    return model.eval()


@pytest.fixture(params=[paligemma, idefics3, smolvlm], ids=lambda build: build.__name__)
def architecture(request: pytest.FixtureRequest) -> Architecture:
    return request.param(0)
