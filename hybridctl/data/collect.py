"""`hybridctl collect`: writes shards of rendered scenes, one process a core."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress

from hybridctl.data.rendered import ImageLabel, SceneRenderer
from hybridctl.sim.cameras import IMAGE_SIZE, RENDERERS

FIRST_EVALUATION_SEED = 1_000_000
SHARD_SIZE = 500


class SeedError(ValueError):
    """Seeds that are kept for evaluation were asked for."""


@dataclass(frozen=True)
class Shard:
    """A folder `shard_SEED` with `images.npy` (N, 128, 128, 3) and `labels.jsonl`."""

    images: NDArray[np.uint8]
    labels: list[ImageLabel]


def collect(out: Path, *, seeds: tuple[int, int], workers: int, renderers: tuple[str, ...]) -> None:
    """Render the scenes of seeds [first, last) into shards below `out`; complete shards are kept.

    Scene by scene the renderers take turns, so that a model sees all of them.

    Raises:
        SeedError: the range reaches the seeds that are kept for evaluation, or a renderer is not known.
    """
    check_training_seeds(seeds)
    check_renderers(renderers)
    out.mkdir(parents=True, exist_ok=True)
    jobs = []
    for start in range(*seeds, SHARD_SIZE):
        last = min(start + SHARD_SIZE, seeds[1])
        if not _complete(out / f"shard_{start:07d}", last - start, renderers):
            jobs.append((out, start, last, renderers))
    context = multiprocessing.get_context("spawn")
    with Progress() as progress, context.Pool(workers) as pool:
        task = progress.add_task("rendering", total=sum(job[2] - job[1] for job in jobs))
        for done in pool.imap_unordered(_render_shard, jobs):
            progress.advance(task, done)


def check_renderers(renderers: tuple[str, ...]) -> None:
    """Refuse names that are no renderer's.

    Raises:
        SeedError: a renderer is not known, or there is none.
    """
    unknown = [name for name in renderers if name not in RENDERERS]
    if unknown or not renderers:
        raise SeedError(f"renderers {','.join(renderers)!r}: expected some of {', '.join(RENDERERS)}")


def _complete(folder: Path, count: int, renderers: tuple[str, ...]) -> bool:
    """Return whether a shard holds that many scenes, by those renderers in turn."""
    path = folder / "labels.jsonl"
    if not path.exists():
        return False
    lines = path.read_text().splitlines()
    used = {json.loads(line)["renderer"] for line in lines}
    return len(lines) == count and used == set(renderers[:count])


def check_training_seeds(seeds: tuple[int, int], *, at_least: int = 1) -> None:
    """Refuse seeds that are kept for evaluation.

    Raises:
        SeedError: the range reaches them, or holds fewer than `at_least` seeds.
    """
    first, last = seeds
    if first < 0 or last <= first:
        raise SeedError(f"seeds {first}:{last} hold no scene")
    if last - first < at_least:
        raise SeedError(f"seeds {first}:{last} hold {last - first} scenes, wanted are {at_least}")
    if last > FIRST_EVALUATION_SEED:
        raise SeedError(
            f"seeds {first}:{last} reach {FIRST_EVALUATION_SEED}: from there on they are for evaluation only"
        )


def load_shards(folder: Path) -> Iterator[Shard]:
    """Yield the complete shards below `folder`, images memory-mapped.

    Raises:
        FileNotFoundError: there are none.
    """
    paths = sorted(folder.glob("shard_*/labels.jsonl"))
    if not paths:
        raise FileNotFoundError(
            f"{folder} holds no shard_*/labels.jsonl: run `hybridctl collect --out {folder}`"
        )
    for path in paths:
        labels = [ImageLabel.from_json(json.loads(line)) for line in path.read_text().splitlines()]
        yield Shard(np.load(path.with_name("images.npy"), mmap_mode="r", allow_pickle=False), labels)


def _render_shard(job: tuple[Path, int, int, tuple[str, ...]]) -> int:
    out, first, last, renderers = job
    folder = out / f"shard_{first:07d}"
    folder.mkdir(exist_ok=True)
    images = np.zeros((last - first, IMAGE_SIZE, IMAGE_SIZE, 3), np.uint8)
    lines = []
    scenes = SceneRenderer()
    try:
        for i, seed in enumerate(range(first, last)):
            images[i], label = scenes.render(seed, renderer=renderers[seed % len(renderers)])
            lines.append(json.dumps(label.to_json()))
    finally:
        scenes.close()
    np.save(folder / "images.npy", images)
    part = folder / "labels.part"
    part.write_text("\n".join(lines) + "\n")
    part.rename(folder / "labels.jsonl")
    return last - first
