"""A small convolutional vision tower with coordinate channels, registered as a transformers model."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutputWithPooling


class ConvTowerConfig(PretrainedConfig):  # type: ignore[misc]
    """Channels of the four stages; every stage halves the resolution."""

    model_type = "hybridctl_conv_tower"

    def __init__(
        self, channels: tuple[int, ...] = (32, 48, 96, 128), image_size: int = 128, **kwargs: Any
    ) -> None:
        self.channels = list(channels)
        self.image_size = image_size
        self.hidden_size = self.channels[-1]
        super().__init__(**kwargs)


def _conv(inside: int, outside: int, *, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inside, outside, kernel, stride=stride, padding=kernel // 2),
        nn.GroupNorm(8, outside),
        nn.SiLU(),
    )


class ConvTower(PreTrainedModel):  # type: ignore[misc]
    """RGB in [-1, 1], shape (B, 3, S, S), to tokens of shape (B, (S/16)², channels[-1])."""

    config_class = ConvTowerConfig
    main_input_name = "pixel_values"

    def __init__(self, config: ConvTowerConfig) -> None:
        super().__init__(config)
        a, b, c, d = config.channels
        self.early = nn.Sequential(
            _conv(5, a, kernel=5, stride=2), _conv(a, b, stride=2), _conv(b, c, stride=2), _conv(c, c)
        )
        self.late = nn.Sequential(_conv(c, d, stride=2), nn.Conv2d(d, d, 1))
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """Keep torch's own initialisation: it suits convolutions with group norm."""

    def stride8(self, pixel_values: Tensor) -> Tensor:
        """Return the features at an eighth of the resolution, shape (B, channels[2], S/8, S/8)."""
        batch, _, height, width = pixel_values.shape
        ys = torch.linspace(-1, 1, height, device=pixel_values.device, dtype=pixel_values.dtype)
        xs = torch.linspace(-1, 1, width, device=pixel_values.device, dtype=pixel_values.dtype)
        v, u = torch.meshgrid(ys, xs, indexing="ij")
        coordinates = torch.stack([u, v]).expand(batch, 2, height, width)
        features: Tensor = self.early(torch.cat([pixel_values, coordinates], dim=1))
        return features

    def tokens(self, stride8: Tensor) -> Tensor:
        """Return tokens in raster order from the stride-8 features."""
        late: Tensor = self.late(stride8)
        return late.flatten(2).transpose(1, 2)

    def forward(self, pixel_values: Tensor, **_: Any) -> BaseModelOutputWithPooling:
        """Return the tokens as the last (and only) hidden state."""
        tokens = self.tokens(self.stride8(pixel_values))
        return BaseModelOutputWithPooling(last_hidden_state=tokens, hidden_states=(tokens,))


AutoConfig.register(ConvTowerConfig.model_type, ConvTowerConfig)
AutoModel.register(ConvTowerConfig, ConvTower)
