"""The decoder layers behind an image: their own modules on a static cache, or small ones fused."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers.cache_utils import Cache, CacheLayerMixin

from hybridctl.vla.kv_cache import KvCache, Step, next_step

FUSED_PARAMETERS = 100_000_000
"""Larger decoders keep their own modules: fusing copies the weights, and there it would gain nothing."""
_STATIC_ROPES = ("default", "linear", "llama3")
_TOLERANCE = 1e-4
"""How far fused layers may differ from the model's own, against the largest output."""


class Trunk(Protocol):
    """Decoder layers: embeddings in, hidden states behind the last norm out."""

    def __call__(self, x: Tensor, step: Step) -> Tensor:
        """Run T new tokens a row, (rows, T, hidden), and return each row's last state, (rows, hidden)."""
        ...


class ModuleTrunk:
    """The model's own layers, on our cache and masks: for any decoder of transformers.

    Args:
        decoder: The language model without its head.
        first_position: Position of the first token (PaliGemma counts from 1).
        grid: Positions of the first P tokens in time, height and width, see `rope_positions`.
    """

    def __init__(self, decoder: nn.Module, *, first_position: int = 0, grid: Tensor | None = None) -> None:
        self._decoder, self._first, self._grid = decoder, first_position, grid

    def __call__(self, x: Tensor, step: Step) -> Tensor:
        """See Trunk."""
        cache = Cache(layers=[_Layer(step, i) for i in range(step.cache.store.shape[0])])
        mask = step.mask
        if mask is None:
            mask = torch.ones((1, 1, 1, step.length), dtype=torch.bool, device=x.device)
        # A float mask of four dimensions is what every attention implementation takes as it is.
        bias = torch.zeros_like(mask, dtype=x.dtype).masked_fill_(~mask, torch.finfo(x.dtype).min)
        out: Tensor = self._decoder(
            inputs_embeds=x,
            position_ids=rope_positions(step.positions, self._first, self._grid),
            attention_mask=bias.expand(x.shape[0], -1, -1, -1),
            past_key_values=cache,
            use_cache=True,
        ).last_hidden_state
        return out[torch.arange(x.shape[0], device=x.device), step.last]


class _Layer(CacheLayerMixin):  # type: ignore[misc]
    """One layer of our store, as transformers' attention sees it."""

    def __init__(self, step: Step, layer: int) -> None:
        super().__init__()
        self._step, self._layer = step, layer
        self.is_initialized = True

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        """Nothing to do: the store is there."""

    def update(self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        """Store new keys and values, each (rows, heads, T, width), and return all that is looked at."""
        step = self._step
        step.write(self._layer, torch.cat([key_states, value_states], dim=1).transpose(1, 2))
        keys, values = step.cache.keys_values(step.length)
        return keys[self._layer], values[self._layer]

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """Return length and offset of what a mask covers."""
        return self._step.length, 0

    def get_seq_length(self) -> int:
        """Return how many tokens were there before."""
        return self._step.length - self._step.positions.shape[1]

    def get_max_length(self) -> int:
        """Return the capacity."""
        return self._step.cache.capacity


class FusedTrunk:
    """Layers of Llama's form in fewer, larger operations: at these sizes it is their number that costs.

    Norm gains and the attention scale are folded into the projections; queries, keys and values are one
    product, gate and up another; the last layer computes only what the answer needs.

    Raises:
        AttributeError: the layers are not of Llama's form.
        ValueError: their positions depend on the length of the text.
    """

    def __init__(self, decoder: nn.Module, *, first_position: int = 0, grid: Tensor | None = None) -> None:
        owner: Any = decoder
        config, layers = owner.config, owner.layers
        self._rotary: Any = owner.rotary_emb
        if self._rotary.rope_type not in _STATIC_ROPES:
            raise ValueError(f"positions of type {self._rotary.rope_type} depend on the length")
        self._first, self._grid = first_position, grid
        self._width = int(layers[0].self_attn.head_dim)
        self._queries = int(config.num_attention_heads)
        self._keys = int(config.num_key_value_heads)
        self._layers = [_FusedLayer(layer, config.hidden_size, self._width) for layer in layers]
        self._gain, self._floor = _norm(owner.norm, config.hidden_size)
        self._turn = torch.empty(0)

    def __call__(self, x: Tensor, step: Step) -> Tensor:
        """See Trunk."""
        rows, count, hidden = x.shape
        heads, width = self._queries + 2 * self._keys, self._width
        turn = self._rotation(step, x)
        keys, values = step.cache.keys_values(step.length)
        places, mask, grouped = step.places(), step.mask, self._queries != self._keys
        x = x.reshape(-1, hidden)
        for index, layer in enumerate(self._layers):
            qkv = layer.qkv(_normed(x, layer.floor1)).view(rows, count, heads, width // 2, 2)
            turned = torch.view_as_real(torch.view_as_complex(qkv) * turn).view(rows, count, heads, width)
            if places is None:
                step.write(index, turned[:, :, self._queries :])
            else:
                places[index].copy_(turned[:, :, self._queries :])
            q = turned[:, :, : self._queries].transpose(1, 2)
            if index == len(self._layers) - 1 and count > 1:
                row = torch.arange(rows, device=x.device)
                q = q[row, :, step.last][:, :, None]
                x = x.view(rows, count, hidden)[row, step.last]
                mask = None if mask is None else mask.expand(rows, -1, -1, -1)[row, :, step.last][:, :, None]
            seen = F.scaled_dot_product_attention(
                q, keys[index], values[index], attn_mask=mask, scale=1.0, enable_gqa=grouped
            )
            x = layer.out(seen.transpose(1, 2).reshape(x.shape[0], -1), x)
            gate, up = layer.gate_up(_normed(x, layer.floor2)).chunk(2, -1)
            x = layer.down(layer.act(gate) * up, x)
        return _normed(x, self._floor) * self._gain

    def _rotation(self, step: Step, x: Tensor) -> Tensor:
        """Return e^iθ of the new tokens for all heads, (…, T, heads, width/2); values are not turned."""
        if self._turn.shape[0] < step.cache.capacity:
            places = torch.arange(step.cache.capacity, device=x.device)[None]
            positions = rope_positions(places, self._first, self._grid)
            cos, sin = (table[0, :, None, : self._width // 2] for table in self._rotary(x, positions))
            turn = torch.complex(cos, sin).expand(-1, self._queries + self._keys, -1)
            self._turn = torch.cat([turn, torch.ones_like(turn[:, : self._keys])], dim=1)
        if step.start is not None:
            return self._turn[step.start : step.start + step.positions.shape[1]]
        return self._turn[step.positions]


class _FusedLayer:
    """One layer's weights, norm gains folded in."""

    def __init__(self, layer: Any, hidden: int, width: int) -> None:
        attention, mlp = layer.self_attn, layer.mlp
        gain1, self.floor1 = _norm(layer.input_layernorm, hidden)
        gain2, self.floor2 = _norm(layer.post_attention_layernorm, hidden)
        q, k, v = (_rows(part) for part in (attention.q_proj, attention.k_proj, attention.v_proj))
        q, k = _in_pairs(q, width) * float(attention.scaling), _in_pairs(k, width)
        self.qkv = _Linear(torch.cat([q, k, v]), gain1)
        self.out = _Linear(_rows(attention.o_proj))
        self.gate_up = _Linear(torch.cat([_rows(mlp.gate_proj), _rows(mlp.up_proj)]), gain2)
        self.down = _Linear(_rows(mlp.down_proj))
        self.act = mlp.act_fn.forward  # past the module's hooks: at one token they cost as much as it does


class _Linear:
    """A linear map behind a gain on its input; its result may be added to something.

    Args:
        rows: Weight with the bias as last column, shape (out, in + 1).
        gain: Shape (in,).
    """

    def __init__(self, rows: Tensor, gain: Tensor | None = None) -> None:
        weight, bias = rows[:, :-1], rows[:, -1]
        # stored transposed: at one token this product is the faster one
        self._weight = (weight if gain is None else weight * gain).t().contiguous()
        self._bias = bias.contiguous() if bool(bias.any()) else None

    def __call__(self, x: Tensor, added: Tensor | None = None) -> Tensor:
        if self._bias is not None:
            added = self._bias if added is None else added + self._bias
        return x @ self._weight if added is None else torch.addmm(added, x, self._weight)


def _rows(linear: nn.Linear) -> Tensor:
    """Return weight and bias (zero without one) side by side, shape (out, in + 1)."""
    weight: Tensor = linear.weight.detach()
    bias = torch.zeros_like(weight[:, 0]) if linear.bias is None else linear.bias.detach()
    return torch.cat([weight, bias[:, None]], dim=1)


def _in_pairs(rows: Tensor, width: int) -> Tensor:
    """Reorder each head's rows so that the two that a rotation mixes stand side by side: i and i + width/2.

    Queries and keys are reordered alike, so their products stay.
    """
    return rows.view(-1, 2, width // 2, rows.shape[1]).transpose(1, 2).reshape(rows.shape)


def _norm(norm: nn.Module, hidden: int) -> tuple[Tensor, Tensor]:
    """Return an RMS norm's gain times √hidden, and the floor √(hidden·ε) under the vector's length.

    The gain is read from the norm's answer to a vector of ones, so that a form such as Gemma's 1 + w is
    covered.
    """
    eps = float(getattr(norm, "variance_epsilon", getattr(norm, "eps", 0.0)))
    weight: Any = norm.weight
    with torch.no_grad():
        gain = norm(torch.ones_like(weight)) * (1 + eps) ** 0.5 * hidden**0.5
    return gain, torch.tensor((hidden * eps) ** 0.5, dtype=gain.dtype, device=gain.device)


def _normed(x: Tensor, floor: Tensor) -> Tensor:
    """Return x over its length: x/√(mean x² + ε) up to the gain's √hidden."""
    return x / torch.hypot(torch.linalg.vector_norm(x, dim=-1, keepdim=True), floor)


def rope_positions(places: Tensor, first: int, grid: Tensor | None) -> Tensor:
    """Return the position that each place of a text is turned by.

    Args:
        places: Shape (rows, T), from 0.
        first: Position of place 0.
        grid: For a model whose images lie in three dimensions (Qwen2-VL's M-RoPE, arXiv 2409.12191): the
            positions of the first P places in time, height and width, shape (3, P). Text goes on behind the
            highest of them.

    Returns:
        Shape (rows, T), or (3, rows, T) with a grid.
    """
    if grid is None:
        return places + first
    count = grid.shape[1]
    behind = places - count + int(grid.max()) + 1
    return torch.where(places < count, grid[:, places.clamp(max=count - 1)], behind)


def make_trunk(
    decoder: nn.Module, *, first_position: int = 0, grid: Tensor | None = None, fused: bool = True
) -> Trunk:
    """Return the fused layers where they are shown to do what the decoder's own do, else those."""
    own = ModuleTrunk(decoder, first_position=first_position, grid=grid)
    weight = next(decoder.parameters())
    small = sum(p.numel() for p in decoder.parameters()) <= FUSED_PARAMETERS
    if not fused or not small or weight.dtype != torch.float32:
        return own
    try:
        faster = FusedTrunk(decoder, first_position=first_position, grid=grid)
        return faster if _alike(decoder, own, faster) else own
    except (AttributeError, TypeError, ValueError):
        return own


def make_cache(decoder: nn.Module, *, rows: int, capacity: int) -> KvCache:
    """Return an empty cache that fits a decoder."""
    config: Any = decoder.config
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return KvCache(
        layers=int(config.num_hidden_layers), heads=int(config.num_key_value_heads), width=int(width),
        rows=rows, capacity=capacity, like=next(decoder.parameters()),
    )  # fmt: skip


@torch.inference_mode()
def _alike(decoder: nn.Module, own: Trunk, fused: Trunk) -> bool:
    """Run both on the same random tokens: a first pass of five, then one."""
    weight = next(decoder.parameters())
    noise = torch.Generator().manual_seed(0)
    config: Any = decoder.config
    x = torch.randn((2, 6, config.hidden_size), generator=noise).to(weight.device, weight.dtype)
    answers = []
    for trunk in (own, fused):
        cache = make_cache(decoder, rows=2, capacity=8)
        cache.begin(2)
        first = trunk(x[:, :5], next_step(cache, np.array([5, 5])))
        answers.append(torch.stack([first, trunk(x[:, 5:], next_step(cache, np.array([1, 1])))]))
    return bool((answers[0] - answers[1]).abs().max() <= _TOLERANCE * answers[0].abs().max())
