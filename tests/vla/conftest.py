"""Tiny random models of the shipped architecture and of others, and the shipped model itself."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import Tensor, nn
from transformers import (
    CLIPVisionConfig,
    GemmaConfig,
    Idefics3Config,
    Idefics3ForConditionalGeneration,
    Idefics3Processor,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PaliGemmaConfig,
    PaliGemmaForConditionalGeneration,
    PaliGemmaProcessor,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    SiglipVisionConfig,
    SmolVLMConfig,
    SmolVLMForConditionalGeneration,
)
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil
from transformers.models.smolvlm.image_processing_pil_smolvlm import SmolVLMImageProcessorPil

from hybridctl.messages.arm import ArmState
from hybridctl.messages.observation import Observation
from hybridctl.messages.plan import Argument, Skill
from hybridctl.vla.architecture import build_model
from hybridctl.vla.checkpoint import Checkpoint, save_checkpoint
from hybridctl.vla.language import Language, fingerprint
from hybridctl.vla.policy import CheckpointPolicy, load_policy
from hybridctl.vla.statistics import EMBEDDED_STATISTICS
from hybridctl.vla.surgery import least_used_tokens
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


FAMILIES = ("paligemma", "idefics3", "smolvlm", "llava", "qwen2_5_vl")
CHAT = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}{IMAGE}{% else %}{{ part['text'] }}{% endif %}{% endfor %}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""A template in the form that Qwen's and SmolVLM's have."""


@pytest.fixture(scope="session")
def language_tokenizer() -> Callable[..., PreTrainedTokenizerFast]:
    """Return a byte-level BPE of 900 tokens, as language models have them, on made-up words."""

    def build(image: str = "<image>", template: str | None = None) -> PreTrainedTokenizerFast:
        rng = np.random.default_rng(0)
        syllables = ["ba", "ko", "ri", "tu", "mel", "san", "dor", "pin", "gra", "vex", "lom", "zi"]
        made_up = [" ".join("".join(rng.choice(syllables, 3)) for _ in range(12)) for _ in range(400)]
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=900, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False,
            special_tokens=["<pad>", "<bos>", "<eos>"],
        )  # fmt: skip
        tokenizer.train_from_iterator(made_up, trainer)
        marks = [
            image,
            "<fake_token_around_image>",
            "<global-img>",
            "<end_of_utterance>",
            "<|im_start|>",
            "<|im_end|>",
        ]
        return PreTrainedTokenizerFast(
            tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<bos>", eos_token="<eos>",
            additional_special_tokens=marks, chat_template=template,
        )  # fmt: skip

    return build


@pytest.fixture(scope="session")
def saved(
    language_tokenizer: Callable[..., PreTrainedTokenizerFast], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Path]:
    """Return the folder of a tiny random checkpoint of a family, with everything that a policy needs."""

    @cache
    def build(family: str, pictures: tuple[str, ...] = ("scene",)) -> Path:
        torch.manual_seed(0)
        template = None if family in ("paligemma", "llava") else CHAT.replace("{IMAGE}", _image(family))
        if family == "qwen2_5_vl":
            template = CHAT.replace("{IMAGE}", "<|vision_start|><|image_pad|><|vision_end|>")
        tokenizer = language_tokenizer("<|image_pad|>" if family == "qwen2_5_vl" else "<image>", template)
        if family == "qwen2_5_vl":
            tokenizer.add_special_tokens(
                {"additional_special_tokens": ["<|vision_start|>", "<|vision_end|>", "<|video_pad|>"]}
            )
        image = int(tokenizer.convert_tokens_to_ids(_image(family)))
        images = _tiny(family, 8, 0)[1]
        processor = _processor(family, images, tokenizer)  # PaliGemma's adds tokens of its own
        model = _tiny(family, len(tokenizer) + 64, image)[0]
        folder = tmp_path_factory.mktemp(family)
        corpus = folder / "corpus.txt"
        corpus.write_text("bakori tumel sandor\n" * 3)
        language = Language(
            vocabulary=fingerprint(tokenizer),
            action_ids=tuple(least_used_tokens(tokenizer, corpus, keep=["pick the red block"])),
            pictures=pictures,
            skills=(Skill.PICK, Skill.PLACE_IN, Skill.OPEN),
            phrases={
                Argument.THING: ("red block", "blue ball"),
                Argument.CONTAINER: ("bowl",),
                Argument.ARTICULATION: ("drawer",),
            },
            most_subgoals=3,
        )
        statistics = EMBEDDED_STATISTICS.model_copy(update={"image_size": 32})
        save_checkpoint(Checkpoint(_wide(model), tokenizer, statistics, folder, language, images, processor))
        return folder

    return build


def _image(family: str) -> str:
    return "<|image_pad|>" if family == "qwen2_5_vl" else "<image>"


def _tiny(family: str, rows: int, image: int) -> tuple[Any, Any]:
    """Return a model of a few thousand parameters with `rows` embeddings, and its image processor."""
    text = {
        "vocab_size": rows, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 512, "pad_token_id": 0,
        "bos_token_id": 1, "eos_token_id": 2,
    }  # fmt: skip
    siglip = {
        "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2,
        "image_size": 32, "patch_size": 8,
    }  # fmt: skip
    if family == "paligemma":
        config = PaliGemmaConfig(
            vision_config=SiglipVisionConfig(**siglip, projection_dim=32).to_dict(),
            text_config=GemmaConfig(**text, head_dim=8).to_dict(),
            projection_dim=32, hidden_size=32, image_token_index=image, image_token_id=image,
        )  # fmt: skip
        return PaliGemmaForConditionalGeneration(config), SiglipImageProcessorPil(
            size={"height": 32, "width": 32}
        )
    if family == "llava":
        config = LlavaConfig(
            vision_config=CLIPVisionConfig(**siglip), text_config=LlamaConfig(**text), image_token_id=image,
            image_token_index=image, vision_feature_layer=-1, image_seq_length=16,
        )  # fmt: skip
        size = {"height": 32, "width": 32}
        return LlavaForConditionalGeneration(config), CLIPImageProcessorPil(
            size={"shortest_edge": 32}, crop_size=size
        )
    if family == "qwen2_5_vl":
        config = Qwen2_5_VLConfig(
            vision_config={
                "depth": 2, "hidden_size": 32, "num_heads": 2, "intermediate_size": 48, "out_hidden_size": 32,
                "patch_size": 4, "spatial_merge_size": 2, "window_size": 16, "fullatt_block_indexes": [1],
            },
            text_config={
                **text,
                "rope_parameters": {"rope_type": "default", "mrope_section": [2, 1, 1], "rope_theta": 1e4},
            },
            image_token_id=image,
        )  # fmt: skip
        images = Qwen2VLImageProcessorPil(patch_size=4, size={"shortest_edge": 256, "longest_edge": 1024})
        return Qwen2_5_VLForConditionalGeneration(config), images
    edge = {"longest_edge": 32}
    kinds = {
        "idefics3": (Idefics3Config, Idefics3ForConditionalGeneration, Idefics3ImageProcessorPil),
        "smolvlm": (SmolVLMConfig, SmolVLMForConditionalGeneration, SmolVLMImageProcessorPil),
    }
    of_config, of_model, of_images = kinds[family]
    config = of_config(
        vision_config=siglip, text_config=LlamaConfig(**text).to_dict(), image_token_id=image, scale_factor=2,
        pad_token_id=0,
    )  # fmt: skip
    return of_model(config), of_images(size=edge, max_image_size=edge)


def _processor(family: str, images: Any, tokenizer: PreTrainedTokenizerFast) -> Any:
    """Return the family's own processor; None for those that need torchvision."""
    template = tokenizer.chat_template
    if family == "paligemma":
        images.image_seq_length = 16
        return PaliGemmaProcessor(images, tokenizer, chat_template=template)
    if family == "llava":
        return LlavaProcessor(
            images, tokenizer, patch_size=8, vision_feature_select_strategy="default",
            num_additional_image_tokens=1, chat_template=template,
        )  # fmt: skip
    if family == "idefics3":
        return Idefics3Processor(images, tokenizer, image_seq_len=4, chat_template=template)
    return None
