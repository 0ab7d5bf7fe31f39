"""The decoding bench compares like with like, and sums up what it timed."""

import numpy as np
import pytest

from hybridctl.bench.decode import BATCH, KindTimer, make_kinds, sum_up
from hybridctl.data.rendered import ImageLabel, SceneRenderer
from hybridctl.messages.action import ACTION_NAMES
from hybridctl.vla.checkpoint import EMBEDDED, Checkpoint, load_checkpoint


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return load_checkpoint(EMBEDDED)


@pytest.fixture(scope="module")
def pictures() -> list[tuple[np.ndarray, ImageLabel]]:
    renderer = SceneRenderer()
    found = [renderer.render(seed, renderer="ray") for seed in (500, 501)]
    renderer.close()
    return found


@pytest.mark.parametrize("name", ["tokens8", "act", "plan_act"])
def test_both_decoders_give_the_same_ids_alone_and_together(
    checkpoint: Checkpoint, pictures: list[tuple[np.ndarray, ImageLabel]], name: str
) -> None:
    row = KindTimer(checkpoint, make_kinds(checkpoint)[name]).time(pictures)
    assert row["equal"] == row["batch_equal"] == len(pictures)
    assert all(value > 0 for key in ("ms", "hf_ms", "seen_ms") for value in row[key])


def test_eight_tokens_are_eight_free_tokens(checkpoint: Checkpoint) -> None:
    grammar = make_kinds(checkpoint)["tokens8"].grammar
    assert grammar.longest == len(ACTION_NAMES) == 8
    assert grammar.run_length.max() == 0


def test_ratios_are_of_medians_and_unequal_ids_show() -> None:
    row = {
        "kind": "tokens8", "ms": [5.0] * BATCH, "hf_ms": [20.0] * BATCH, "seen_ms": [3.0] * BATCH,
        "batch_ms": 2.0, "hf_batch_ms": 6.0, "sampled_ms": 9.0, "equal": BATCH, "batch_equal": BATCH - 2,
    }  # fmt: skip
    measured = sum_up([row, row], (1_000_000, 1_000_016), malformed=3, decodes=100)
    figures = measured.figures
    assert figures["tokens8_ms_median"] == 5.0
    assert figures["hf_tokens8_ms_median"] == 20.0
    assert figures["tokens8_batch8_ms_median"] == 2.0
    assert (figures["speedup_batch1"], figures["speedup_batch8"]) == (4.0, 10.0)
    assert figures["speedup_batch8_both"] == 3.0
    assert figures["greedy_equal"] == pytest.approx(1 - 4 / (4 * BATCH))
    assert (figures["malformed"], figures["decodes"]) == (3, 100)
    assert measured.n["tokens8_ms_median"] == 2 * BATCH
    assert measured.n["greedy_equal"] == 4 * BATCH
