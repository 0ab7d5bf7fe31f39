"""Rows of a static cache keep their own lengths, and a pass sees what it should of each."""

import numpy as np
import pytest
import torch

from hybridctl.vla.kv_cache import KvCache, next_step


def cache(rows: int = 3, capacity: int = 8) -> KvCache:
    return KvCache(layers=2, heads=2, width=4, rows=rows, capacity=capacity, like=torch.zeros(1))


def keys_of(values: list[list[float]]) -> torch.Tensor:
    """New keys and values that hold one number a token, shape (rows, T, 4, 4)."""
    return torch.tensor(values, dtype=torch.float32)[:, :, None, None].expand(-1, -1, 4, 4)


def fill(kept: KvCache, values: list[list[float]], counts: list[int]) -> None:
    step = next_step(kept, np.array(counts))
    for layer in range(2):
        step.write(layer, keys_of(values))


def test_rows_grow_by_their_own_counts_and_padding_is_overwritten() -> None:
    kept = cache()
    kept.begin(2)
    fill(kept, [[1, 2, 3], [4, -1, -1]], [3, 1])
    fill(kept, [[5], [6]], [1, 1])
    assert kept.lengths.tolist() == [4, 2]
    keys, values = kept.keys_values(4)
    assert keys[1][0, 0, :, 0].tolist() == values[1][0, 1, :, 3].tolist() == [1, 2, 3, 5]
    assert keys[0][1, 0, :2, 0].tolist() == [4, 6]


def test_a_query_sees_itself_and_what_came_before_in_its_row() -> None:
    kept = cache()
    kept.begin(2)
    fill(kept, [[1, 2, 3], [4, -1, -1]], [3, 1])
    step = next_step(kept, np.array([2, 1]))
    assert step.mask is not None
    assert step.mask[0, 0].tolist() == [[True] * 4 + [False], [True] * 5]
    assert step.mask[1, 0, 0].tolist() == [True, True, False, False, False]
    assert step.last.tolist() == [1, 0]


def test_one_token_a_row_of_equal_lengths_needs_no_mask() -> None:
    kept = cache()
    kept.begin(2)
    fill(kept, [[1, 2], [3, 4]], [2, 2])
    step = next_step(kept, np.array([1, 1]))
    assert (step.mask, step.start, step.length) == (None, 2, 3)
    for place in step.places() or ():
        place.copy_(keys_of([[7], [8]]))
    assert kept.keys_values(3)[0][0][:, 0, 2, 0].tolist() == [7, 8]


def test_a_prompt_that_sees_itself_in_both_directions_sees_nothing_behind() -> None:
    kept = cache()
    kept.begin(2)
    step = next_step(kept, np.array([4, 4]), seen_whole=np.array([3, 2]))
    assert step.mask is not None
    assert step.mask[0, 0, 0].tolist() == [True, True, True, False]
    assert step.mask[1, 0].int().sum(1).tolist() == [2, 2, 3, 4]


def test_a_fixed_step_looks_at_the_whole_capacity_and_masks_the_rest() -> None:
    kept = cache()
    kept.begin(2)
    fill(kept, [[1, 2], [3, 4]], [2, 2])
    step = next_step(kept, np.array([1, 1]), fixed=True)
    assert (step.start, step.length) == (None, kept.capacity)
    assert step.mask is not None
    assert step.mask[:, 0, 0].int().sum(1).tolist() == [3, 3]


def test_rows_are_dropped_moved_and_repeated() -> None:
    kept = cache(rows=4)
    kept.begin(3)
    fill(kept, [[1, 2], [3, -1], [5, 6]], [2, 1, 2])
    kept.take(np.array([2, 0, 2, 1]))
    assert kept.lengths.tolist() == [2, 2, 2, 1]
    keys = kept.keys_values(2)[0][1][:, 0, :, 0]
    assert keys[:3].tolist() == [[5, 6], [1, 2], [5, 6]]
    assert keys[3, 0] == 3


def test_prefixes_of_different_lengths_are_loaded_row_by_row() -> None:
    kept = cache()
    kept.load([torch.full((2, 3, 4, 4), 7.0), torch.full((2, 1, 4, 4), 8.0)])
    assert kept.lengths.tolist() == [3, 1]
    assert kept.keys_values(3)[0][0][0, 0, :, 0].tolist() == [7, 7, 7]


def test_a_cache_that_is_too_short_says_so() -> None:
    kept = cache()
    kept.begin(1)
    with pytest.raises(ValueError, match="8 tokens cannot hold 9"):
        next_step(kept, np.array([9]))
