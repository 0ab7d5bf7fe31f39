"""What a thing moves with."""

import json

import numpy as np
import pytest

from hybridctl.messages.arrays import MessageError
from world_state.attachment import UNATTACHED, Attachment


@pytest.mark.parametrize(
    "attachment",
    [UNATTACHED, Attachment("on", "table", 0.9), Attachment("held", "hand", 1 / 3, np.eye(4) + 0 * np.pi)],
)
def test_json_round_trip_is_exact(attachment):
    text = json.dumps(attachment.to_json())
    assert json.dumps(Attachment.from_json(json.loads(text)).to_json()) == text


def test_nonsense_is_refused():
    with pytest.raises(MessageError, match="none, on, in, held"):
        Attachment("under", "table")
    with pytest.raises(MessageError, match="parent"):
        Attachment("in", "")
    with pytest.raises(MessageError, match="parent"):
        Attachment("none", "table")
    with pytest.raises(MessageError, match="probability"):
        Attachment("on", "table", 1.5)
    with pytest.raises(MessageError, match="T_parent_object"):
        Attachment("in", "drawer", 1.0, 2 * np.eye(4))
