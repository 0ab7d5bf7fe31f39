"""JSON in the store: exact floats, and nothing that JSON cannot keep."""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from world_state.errors import StoreError
from world_state.store.encoding import from_text, to_text

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)  # fmt: skip


@given(value=values)
def test_every_value_comes_back_exactly(value):
    back = from_text(to_text("it", value))
    assert back == value
    assert repr(back) == repr(value)  # 1 and 1.0 and True, 0.0 and -0.0


@dataclass
class Record:
    x: float = 1.0


class Pair(NamedTuple):
    a: float
    b: float


def test_numbers_of_numpy_and_named_tuples_are_what_they_hold():
    assert from_text(to_text("it", {"x": np.float64(0.1), "y": Pair(1.0, 2.0)})) == {
        "x": 0.1,
        "y": [1.0, 2.0],
    }


NOT_FINITE = (math.nan, math.inf, -math.inf, np.float64(math.nan))
NO_JSON = (np.zeros(2), object(), datetime.now(), Record(), {1: 2})


@pytest.mark.parametrize("bad", NOT_FINITE + NO_JSON)
@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: {"a": [None, x]}, lambda x: [{"b": (x,)}]])
def test_what_json_has_no_word_for_is_refused_by_name(bad, wrap):
    with pytest.raises(StoreError, match="event 'seen' holds what JSON cannot keep"):
        to_text("event 'seen'", wrap(bad))
