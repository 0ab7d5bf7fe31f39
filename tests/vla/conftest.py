"""Tiny random models of the shipped architecture, and the shipped model itself."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import LlavaForConditionalGeneration, PreTrainedTokenizerFast

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
