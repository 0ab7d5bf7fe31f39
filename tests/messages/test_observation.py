"""An observation that cannot turn a pixel into a point is refused."""

import numpy as np
import pytest

from hybridctl.messages.arm import ArmState
from hybridctl.messages.arrays import MessageError
from hybridctl.messages.observation import Observation

ARM = ArmState(
    q=np.zeros(7), dq=np.zeros(7), tau=np.zeros(7), gripper_width=0.04, gripper_force=0.0, stamp=0.0
)


def observation(**change: object) -> Observation:
    values: dict[str, object] = {
        "rgb": np.zeros((4, 6, 3), np.uint8), "depth": np.ones((4, 6)), "K": np.eye(3),
        "T_base_camera": np.eye(4), "T_base_tool": np.eye(4), "arm": ARM, "stamp": 0.0, "camera": "c",
    }  # fmt: skip
    return Observation(**{**values, **change})


@pytest.mark.parametrize(
    "rgb", [np.zeros((4, 6), np.uint8), np.zeros((4, 6, 4), np.uint8), np.zeros((4, 6, 3), np.float64)]
)
def test_an_image_that_is_not_bytes_of_three_channels_is_refused(rgb: np.ndarray) -> None:
    with pytest.raises(MessageError, match=r"expected \(H, W, 3\) uint8"):
        observation(rgb=rgb)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("depth", np.ones((6, 4)), "depth has shape"),
        ("depth", np.full((4, 6), np.nan), "depth holds NaN"),
        ("K", np.eye(4), "K has shape"),
        ("K", np.full((3, 3), np.inf), "K holds NaN or infinite"),
        ("T_base_camera", np.diag([1.0, 1.0, -1.0, 1.0]), "T_base_camera has a rotation"),
        ("T_base_tool", np.eye(4) * 2, "T_base_tool has a rotation"),
        ("stamp", np.nan, "stamp"),
    ],
)
def test_wrong_geometry_is_refused_and_named(name: str, value: object, message: str) -> None:
    with pytest.raises(MessageError, match=message):
        observation(**{name: value})


def test_images_and_poses_are_read_only_copies() -> None:
    rgb = np.zeros((4, 6, 3), np.uint8)
    made = observation(rgb=rgb)
    rgb[0, 0] = 255
    assert made.rgb.max() == 0
    for name in ("rgb", "depth", "K", "T_base_camera", "T_base_tool"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(made, name)[0, 0] = 1
