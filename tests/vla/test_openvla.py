"""OpenVLA's tokens read as its own code reads them, and stray ones are refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from hybridctl.vla.errors import ArchitectureError, StatisticsError
from hybridctl.vla.openvla import read_openvla
from hybridctl.vla.policy import load_policy

LOW = [-0.03, -0.04, -0.05, -0.1, -0.2, -0.3, 0.0]
HIGH = [0.03, 0.05, 0.04, 0.1, 0.2, 0.3, 1.0]
MASK = [True] * 6 + [False]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    stats = {"action": {"q01": LOW, "q99": HIGH, "mask": MASK, "mean": [0.0] * 7}}
    config = {
        "model_type": "openvla", "text_config": {"vocab_size": 32064}, "pad_to_multiple_of": 64,
        "norm_stats": {"bridge_orig": stats},
    }  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(config))
    return tmp_path


def test_every_token_is_the_value_that_the_papers_formula_gives(folder: Path) -> None:
    actions = read_openvla(folder)["bridge_orig"]
    edges = np.linspace(-1, 1, 256)
    centres = (edges[:-1] + edges[1:]) / 2
    for token in range(32000 - 256, 32000):
        unit = centres[min(32000 - token - 1, 254)]
        expected = np.where(MASK, 0.5 * (unit + 1) * (np.array(HIGH) - LOW) + LOW, unit)
        np.testing.assert_allclose(actions.values([token] * 7), expected, atol=1e-12)


def test_an_action_has_no_terminate_and_a_gripper_between_0_and_1(folder: Path) -> None:
    actions = read_openvla(folder)["bridge_orig"]
    shut = actions.action([31999] * 7)
    assert (shut.terminate, shut.gripper) == (0.0, 0.0)
    np.testing.assert_allclose(shut.translation, np.array(LOW[:3]) + np.subtract(HIGH, LOW)[:3] / 510)
    assert actions.spec.bins == 255


@pytest.mark.parametrize("stray", [32000, 31743, 2])
def test_a_token_that_is_no_action_is_an_error_and_not_the_highest_action(folder: Path, stray: int) -> None:
    with pytest.raises(ValueError, match=r"lie in 31744\.\.31999"):
        read_openvla(folder)["bridge_orig"].bins([31900] * 6 + [stray])


def test_an_action_has_seven_tokens(folder: Path) -> None:
    with pytest.raises(ValueError, match="7 tokens, got 8"):
        read_openvla(folder)["bridge_orig"].bins([31900] * 8)


@pytest.mark.parametrize(
    "broken",
    [
        {}, {"norm_stats": {"a": {"action": {"q01": LOW}}}}, {"norm_stats": 3},
        {"norm_stats": {"a": {"action": {"q01": LOW[:6], "q99": HIGH[:6]}}}},
        {"norm_stats": {"a": {"action": {"q01": HIGH, "q99": LOW}}}},
    ],
)  # fmt: skip
def test_missing_or_wrong_statistics_are_refused(folder: Path, broken: dict[str, object]) -> None:
    config = json.loads((folder / "config.json").read_text())
    del config["norm_stats"]
    (folder / "config.json").write_text(json.dumps(config | broken))
    with pytest.raises(StatisticsError, match="expected OpenVLA's norm_stats"):
        read_openvla(folder)


def test_its_weights_are_not_run_and_the_error_says_what_can_be_done(folder: Path) -> None:
    with pytest.raises(ArchitectureError, match=r"not part of transformers.*statistics can be read"):
        load_policy(folder)
