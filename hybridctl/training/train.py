"""`hybridctl train`: trains the embedded model; one process a core, weights averaged over steps."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import nn
from torch.multiprocessing.spawn import spawn
from torch.nn.parallel import DistributedDataParallel
from transformers import LlavaForConditionalGeneration, PreTrainedTokenizerFast

from hybridctl.data.collect import load_shards
from hybridctl.data.rendered import ImageLabel
from hybridctl.training.batches import SHAPES, Batch, pack
from hybridctl.training.losses import TrainingModule
from hybridctl.training.measure import held_out_figures
from hybridctl.training.questions import QuestionMaker
from hybridctl.training.recipe import Recipe, RecipeError
from hybridctl.vla.architecture import build_model
from hybridctl.vla.checkpoint import load_checkpoint
from hybridctl.vla.prompts import COLOUR_WORDS
from hybridctl.vla.statistics import EMBEDDED_STATISTICS
from hybridctl.vla.vocabulary import build_tokenizer, integer_ids

CHECKPOINT_MINUTES = 2.5
HELD_OUT = 400


def train(recipe: Recipe, *, data: Path, out: Path, processes: int, start_from: Path | None = None) -> None:
    """Train on the shards below `data` and keep the averaged weights, metrics and recipe in `out`.

    The last HELD_OUT images are never trained on; every few minutes their figures are appended to
    `metrics.jsonl` and the checkpoint is replaced.

    Raises:
        RecipeError: there are too few images.
        CheckpointError: `start_from` holds no sane checkpoint.
        FileNotFoundError: `data` holds no shards.
    """
    count = sum(len(shard.labels) for shard in load_shards(data))
    if count < HELD_OUT + processes * recipe.batch:
        raise RecipeError(
            f"{data} holds {count} images; {HELD_OUT} are held out and {processes} processes need "
            f"{recipe.batch} each: collect more"
        )
    if start_from is not None:
        load_checkpoint(start_from)
    out.mkdir(parents=True, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = time.time()
    arguments = (processes, port, recipe, data, out, start_from, started)
    spawn(_worker, args=arguments, nprocs=processes, join=True)  # type: ignore[no-untyped-call]


class SceneStream:
    """Endless batches for one process, in an order of its own."""

    def __init__(self, data: Path, recipe: Recipe, *, rank: int, world: int, maker: QuestionMaker) -> None:
        shards = list(load_shards(data))
        self.images = [shard.images for shard in shards]
        self.labels = [label for shard in shards for label in shard.labels]
        self._where = [(s, i) for s, shard in enumerate(shards) for i in range(len(shard.labels))]
        self._train = np.arange(len(self.labels) - HELD_OUT)[rank::world]
        self._rng = np.random.default_rng((recipe.seed, rank))
        self._recipe, self._maker = recipe, maker
        self._order: list[int] = []

    def held_out(self) -> Iterator[tuple[np.ndarray, ImageLabel]]:
        """Yield the images that are never trained on."""
        for index in range(len(self.labels) - HELD_OUT, len(self.labels)):
            yield self._image(index), self.labels[index]

    def next(self, size: int, *, patches: int, pad: int) -> Batch:
        """Return the next packed batch, augmented."""
        if len(self._order) < size:
            self._order = self._rng.permutation(self._train).tolist()
        chosen = [self._order.pop() for _ in range(size)]
        recipe, rng = self._recipe, self._rng
        images = np.stack([self._augment(self._image(i)) for i in chosen])
        labels = [self.labels[i] for i in chosen]
        questions = [
            self._maker.sample(
                rng,
                label,
                locate=recipe.locate_questions,
                act=recipe.act_questions,
                plan=recipe.plan_questions,
            )
            for label in labels
        ]
        return pack(images, labels, questions, patches=patches, pad=pad)

    def _image(self, index: int) -> np.ndarray:
        shard, i = self._where[index]
        return np.asarray(self.images[shard][i], dtype=np.float32) / np.float32(255.0)

    def _augment(self, image: np.ndarray) -> np.ndarray:
        rng, recipe = self._rng, self._recipe
        brightness = 1 + rng.uniform(-recipe.brightness, recipe.brightness)
        gain = brightness * (1 + rng.uniform(-recipe.colour_cast, recipe.colour_cast, size=3))
        noise = rng.standard_normal(image.shape, dtype=np.float32) * rng.uniform(0, recipe.noise)
        return np.asarray(np.clip(image * gain + noise, 0.0, 1.0), dtype=np.float32)


def _worker(
    rank: int,
    world: int,
    port: int,
    recipe: Recipe,
    data: Path,
    out: Path,
    start_from: Path | None,
    started: float,
) -> None:
    torch.set_num_threads(1)
    device = f"cuda:{rank}" if torch.cuda.is_available() else "cpu"
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    dist.init_process_group("nccl" if device != "cpu" else "gloo", rank=rank, world_size=world)
    tokenizer = build_tokenizer()
    torch.manual_seed(recipe.seed)
    model = _initial_model(recipe, tokenizer, start_from)
    module = TrainingModule(model, integer_ids(tokenizer), recipe).to(device)
    module.set_words(
        [int(tokenizer.convert_tokens_to_ids(w)) for w in COLOUR_WORDS],
        [int(tokenizer.convert_tokens_to_ids(w)) for w in SHAPES],
    )
    wrapped = DistributedDataParallel(module)
    maker = QuestionMaker(tokenizer, EMBEDDED_STATISTICS)
    stream = SceneStream(data, recipe, rank=rank, world=world, maker=maker)
    decayed = [p for p in module.parameters() if p.ndim > 1]
    plain = [p for p in module.parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": plain, "weight_decay": 0.0}],
        lr=recipe.learning_rate, betas=(0.9, 0.98),
    )  # fmt: skip
    average = {name: p.detach().clone() for name, p in model.named_parameters()}
    patches, pad = model.config.image_seq_length, int(tokenizer.pad_token_id)
    saved, step, images = time.time(), 0, 0
    running: dict[str, float] = {}
    while True:
        elapsed = (time.time() - started) / 60
        shared = torch.tensor([max(step / recipe.steps, elapsed / recipe.minutes)], device=device)
        dist.broadcast(shared, 0)  # all processes must agree when to stop
        progress = float(shared)
        finished = progress >= 1.0
        if finished or (rank == 0 and time.time() - saved > CHECKPOINT_MINUTES * 60):
            if rank == 0:
                saved = time.time()
                figures = _evaluate(module, average, stream, maker, patches, pad)
                note = {
                    "step": step, "images": images, "minutes": round(elapsed, 2),
                    "progress": round(progress, 4),
                    "losses": {k: round(v, 4) for k, v in running.items()}, **figures,
                }  # fmt: skip
                print(json.dumps(note), flush=True)
                with (out / "metrics.jsonl").open("a") as file:
                    file.write(json.dumps(note) + "\n")
                save_checkpoint(out, model, average, tokenizer, recipe)
            if finished:
                break
        for group in optimizer.param_groups:
            group["lr"] = recipe.learning_rate * _schedule(recipe, step, progress)
        size = recipe.batch if step >= recipe.warm_batch_steps else recipe.warm_batch
        loss, parts = wrapped(stream.next(size, patches=patches, pad=pad).to(device))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(module.parameters(), recipe.clip)
        optimizer.step()
        step += 1
        images += size * world
        decay = min(recipe.ema, (1 + step) / (10 + step))
        with torch.no_grad():
            for name, p in model.named_parameters():
                average[name].lerp_(p, 1 - decay)
        for name, value in parts.items():
            running[name] = 0.98 * running.get(name, float(value)) + 0.02 * float(value)
    dist.destroy_process_group()


def _initial_model(
    recipe: Recipe, tokenizer: PreTrainedTokenizerFast, start_from: Path | None
) -> LlavaForConditionalGeneration:
    if start_from is not None:
        return load_checkpoint(start_from).model.train()
    return build_model(
        tokenizer, hidden=recipe.hidden, layers=recipe.layers, heads=recipe.heads, channels=recipe.channels
    )


def _schedule(recipe: Recipe, step: int, progress: float) -> float:
    warm = min(1.0, (step + 1) / max(1, recipe.warmup_steps))
    return warm * min(1.0, max(0.0, 1 - progress) / recipe.decay_share)


def _evaluate(
    module: TrainingModule, average: dict[str, torch.Tensor], stream: SceneStream, maker: QuestionMaker,
    patches: int, pad: int,
) -> dict[str, Any]:  # fmt: skip
    """Measure the averaged weights on the held-out images, then put the running ones back."""
    module.eval()
    try:
        with _averaged(module.model, average):
            return held_out_figures(module, stream.held_out(), maker, patches=patches, pad=pad)
    finally:
        module.train()


@contextmanager
def _averaged(model: nn.Module, average: dict[str, torch.Tensor]) -> Iterator[None]:
    """Put the averaged weights into the model for a while, then the running ones back."""
    live = {name: p.detach().clone() for name, p in model.named_parameters()}
    _load(model, average)
    try:
        yield
    finally:
        _load(model, live)


def _load(model: nn.Module, values: dict[str, torch.Tensor]) -> None:
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(values[name])


def save_checkpoint(
    out: Path, model: LlavaForConditionalGeneration, average: dict[str, torch.Tensor],
    tokenizer: PreTrainedTokenizerFast, recipe: Recipe,
) -> None:  # fmt: skip
    """Write the averaged weights, tokenizer, statistics and recipe."""
    with _averaged(model, average):
        model.save_pretrained(out)
    tokenizer.save_pretrained(out)
    EMBEDDED_STATISTICS.save(out)
    (out / "recipe.json").write_text(recipe.model_dump_json(indent=2) + "\n")
