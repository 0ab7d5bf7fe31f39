"""A training run of two steps: what it leaves loads as a policy; held-out images are never trained on."""

import json
import os
import socket
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from hybridctl.training import train as module
from hybridctl.training.questions import QuestionMaker
from hybridctl.training.recipe import Recipe
from hybridctl.training.train import SceneStream, _schedule, _worker
from hybridctl.vla.checkpoint import load_checkpoint
from hybridctl.vla.policy import CheckpointPolicy

HELD_OUT = 5
PLAIN = {"brightness": 0.0, "colour_cast": 0.0, "noise": 0.0}


@pytest.fixture(autouse=True)
def _few_held_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HELD_OUT", HELD_OUT)


def run(
    recipe: Recipe, data: Path, out: Path, monkeypatch: pytest.MonkeyPatch, start: Path | None = None
) -> None:
    """One worker in this process: spawned ones would not know of the small HELD_OUT."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for name in ("MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    out.mkdir(exist_ok=True)
    _worker(0, 1, port, recipe, data, out, start, time.time())


def test_two_steps_leave_a_checkpoint_that_loads_and_answers(
    tiny: Recipe, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = tiny.model_copy(update={"steps": 2})
    out = tmp_path / "out"
    run(recipe, data, out, monkeypatch)
    checkpoint = load_checkpoint(out)
    CheckpointPolicy(checkpoint)
    assert checkpoint.model.config.text_config.hidden_size == recipe.hidden
    assert Recipe.model_validate_json((out / "recipe.json").read_text()) == recipe
    notes = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert notes[-1]["step"] == 2
    assert notes[-1]["images"] == 2 * recipe.warm_batch
    assert notes[-1]["progress"] == 1.0
    assert 0.0 <= notes[-1]["right_object"] <= 1.0
    assert all(np.isfinite(value) for value in notes[-1]["losses"].values())

    again = tmp_path / "again"
    run(recipe, data, again, monkeypatch)
    same = load_checkpoint(again).model.state_dict()
    trained = checkpoint.model.state_dict()
    assert all(torch.equal(same[name], trained[name]) for name in trained)

    warm = tmp_path / "warm"
    run(recipe.model_copy(update={"learning_rate": 1e-12}), data, warm, monkeypatch, start=out)
    started = load_checkpoint(warm).model.state_dict()
    assert all(torch.allclose(started[name], trained[name], atol=1e-6) for name in trained)


def stream(data: Path, recipe: Recipe, maker: QuestionMaker, rank: int = 0, world: int = 1) -> SceneStream:
    return SceneStream(data, recipe.model_copy(update=PLAIN), rank=rank, world=world, maker=maker)


def drawn(made: SceneStream, batches: int) -> set[bytes]:
    found = set()
    for _ in range(batches):
        pixels = made.next(2, patches=64, pad=0).pixels
        found |= {image.numpy().round(4).tobytes() for image in pixels}
    return found


def as_drawn(image: np.ndarray) -> bytes:
    tensor = torch.from_numpy(image[None]).permute(0, 3, 1, 2) * 2 - 1
    return tensor[0].numpy().round(4).tobytes()


def test_held_out_images_are_never_trained_on(data: Path, tiny: Recipe, maker: QuestionMaker) -> None:
    made = stream(data, tiny, maker)
    held = {as_drawn(image) for image, _ in made.held_out()}
    trained = drawn(made, 40)
    assert len(held) == HELD_OUT
    assert len(trained) == 24 - HELD_OUT
    assert not held & trained


def test_two_processes_train_on_different_images(data: Path, tiny: Recipe, maker: QuestionMaker) -> None:
    one, two = (drawn(stream(data, tiny, maker, rank, 2), 30) for rank in (0, 1))
    assert not one & two
    assert len(one | two) == 24 - HELD_OUT


def test_augmentation_changes_the_picture_a_little(data: Path, tiny: Recipe, maker: QuestionMaker) -> None:
    plain = stream(data, tiny, maker).next(2, patches=64, pad=0).pixels
    bright = SceneStream(data, tiny, rank=0, world=1, maker=maker).next(2, patches=64, pad=0).pixels
    change = (plain - bright).abs().mean()
    assert 0.001 < change < 0.4
    assert bright.abs().max() <= 1.0


def test_the_learning_rate_warms_up_holds_and_decays_to_zero(tiny: Recipe) -> None:
    recipe = tiny.model_copy(update={"warmup_steps": 10, "decay_share": 0.4})
    assert _schedule(recipe, 0, 0.0) == pytest.approx(0.1)
    assert _schedule(recipe, 9, 0.01) == pytest.approx(1.0)
    assert _schedule(recipe, 500, 0.59) == pytest.approx(1.0)
    assert _schedule(recipe, 500, 0.8) == pytest.approx(0.5)
    assert _schedule(recipe, 500, 1.0) == 0.0
