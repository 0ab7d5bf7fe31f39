"""A held object is finite, light enough to be true, and refused by name if not."""

import numpy as np
import pytest

from controllers.held_object import HeldObject
from hybridctl.messages.arrays import MessageError


@pytest.mark.parametrize(
    ("field", "value"),
    [("start", (0.0, np.nan, 0.0)), ("end", (0.0, 0.0)), ("radius", -0.01), ("mass", 51.0), ("mass", np.nan)],
)
def test_what_cannot_be_is_refused_by_name(field: str, value: object) -> None:
    right = {"start": np.zeros(3), "end": np.ones(3), "radius": 0.02, "mass": 0.3}
    HeldObject(**right)
    with pytest.raises(MessageError, match=f"HeldObject.{field}"):
        HeldObject(**{**right, field: value})
