"""Keys and values of all layers in one preallocated tensor, and where a forward pass puts new ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class KvCache:
    """A static cache: rows grow in place, each at its own length.

    Attributes:
        store: Keys, then values, shape (layers, rows, capacity, 2·heads, head width).
        lengths: Tokens that each row in use holds, shape (rows in use,).
    """

    def __init__(
        self, *, layers: int, heads: int, width: int, rows: int, capacity: int, like: Tensor
    ) -> None:
        self.store = torch.zeros(
            (layers, rows, capacity, 2 * heads, width), dtype=like.dtype, device=like.device
        )
        self.heads = heads
        self.lengths: NDArray[np.int64] = np.zeros(0, dtype=np.int64)

    @property
    def capacity(self) -> int:
        """Most tokens a row can hold."""
        return self.store.shape[2]

    @property
    def rows(self) -> int:
        """Most rows."""
        return self.store.shape[1]

    def begin(self, rows: int) -> None:
        """Forget everything and hold `rows` empty rows."""
        self.lengths = np.zeros(rows, dtype=np.int64)

    def load(self, prefixes: Sequence[Tensor]) -> None:
        """Begin with one row a prefix, each of shape (layers, length, 2·heads, head width)."""
        for row, prefix in enumerate(prefixes):
            self.store[:, row, : prefix.shape[1]] = prefix
        self.lengths = np.array([prefix.shape[1] for prefix in prefixes])

    def take(self, owners: NDArray[np.int64]) -> None:
        """Drop, move or repeat rows: row i becomes what row owners[i] was."""
        length = int(self.lengths.max(initial=0))
        moved = np.flatnonzero(owners != np.arange(owners.size))
        if moved.size:
            to, source = (torch.from_numpy(i).to(self.store.device) for i in (moved, owners[moved]))
            self.store[:, to, :length] = self.store[:, source, :length]
        self.lengths = self.lengths[owners]

    def keys_values(self, length: int) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """Return each layer's keys and values up to `length`, shape (rows, heads, length, width)."""
        held = self.store[:, : self.lengths.size, :length].transpose(2, 3)
        return held[:, :, : self.heads].unbind(0), held[:, :, self.heads :].unbind(0)


@dataclass(frozen=True)
class Step:
    """Where one forward pass over T new tokens a row reads and writes; padding stands on the right.

    A padded token is written behind its row's end: no later query sees it before it is overwritten.

    Attributes:
        cache: Keys and values of what came before.
        length: How much of the cache the pass looks at.
        start: The place of the first new token where it is the same in all rows, else None.
        positions: Place of each new token, shape (rows, T).
        mask: What each query may see, shape (rows or 1, 1, T, length); None where that is everything.
        last: Index of each row's last new token, shape (rows,).
    """

    cache: KvCache
    length: int
    start: int | None
    positions: Tensor
    mask: Tensor | None
    last: Tensor

    def places(self) -> tuple[Tensor, ...] | None:
        """Return where each layer's new tokens go, (rows, T, 2·heads, width) each; None where rows differ."""
        if self.start is None:
            return None
        rows, end = self.cache.lengths.size, self.start + self.positions.shape[1]
        return self.cache.store[:, :rows, self.start : end].unbind(0)

    def write(self, layer: int, new: Tensor) -> None:
        """Store a layer's keys and values of the new tokens, shape (rows, T, 2·heads, width)."""
        rows = torch.arange(new.shape[0], device=new.device)[:, None]
        self.cache.store[layer][rows, self.positions] = new


def next_step(
    cache: KvCache, counts: NDArray[np.int64], *, seen_whole: NDArray[np.int64] | None = None,
    fixed: bool = False,
) -> Step:  # fmt: skip
    """Make room for `counts` new tokens a row, shape (rows,), and say where they go.

    Args:
        cache: Grows by the counts.
        counts: New tokens of each row; the longest row is T.
        seen_whole: For each row the length of what sees itself in both directions (PaliGemma's prompt),
            shape (rows,).
        fixed: Look at the whole capacity, so that every pass over one token a row has the same shapes.

    Raises:
        ValueError: the cache is too short.
    """
    before, width = cache.lengths, int(counts.max())
    device = cache.store.device
    held = before.tolist()
    shortest, longest = min(held), max(held)
    length = longest + width
    if length > cache.capacity:
        raise ValueError(f"a cache of {cache.capacity} tokens cannot hold {length}")
    cache.lengths = before + counts
    even = not fixed and shortest == longest
    start = longest if even else None
    if even:
        positions = torch.arange(length - width, length, device=device)[None].expand(before.size, width)
    else:
        positions = torch.from_numpy(before).to(device)[:, None] + torch.arange(width, device=device)
    last = torch.from_numpy(counts - 1).to(device)
    if fixed:
        length = cache.capacity
    if even and width == 1 and seen_whole is None:
        return Step(cache, length, start, positions, None, last)
    at = torch.arange(length, device=device)
    queries = positions[:1] if even else positions
    mask = at <= queries[:, :, None]
    if seen_whole is not None:
        mask = mask | (at < torch.from_numpy(seen_whole).to(device)[:, None, None])
    return Step(cache, length, start, positions, mask[:, None], last)
