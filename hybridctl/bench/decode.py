"""`hybridctl bench decode`: constrained decoding against transformers' `generate` on the same weights.

Everybody gets the same pictures, prompts and grammar, on one thread, in turn; a time holds all of an answer,
the picture's tower included. Random logits decoded through all grammars say whether an answer can be
malformed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import Progress
from torch import Tensor

from hybridctl.bench.episodes import Row
from hybridctl.bench.hf_generate import HfGenerate
from hybridctl.bench.one_core import on_one_core
from hybridctl.bench.random_decodes import count_malformed
from hybridctl.bench.report import FIRST_EVALUATION_SEED, Job, Measured
from hybridctl.bench.statistics import quantile
from hybridctl.data.rendered import ImageLabel, SceneRenderer
from hybridctl.messages.action import ACTION_NAMES
from hybridctl.messages.plan import Argument, Skill, Subgoal
from hybridctl.vla import prompts
from hybridctl.vla.action_tokens import to_bins
from hybridctl.vla.automaton import Grammar, any_of, compile_grammar, sequence
from hybridctl.vla.checkpoint import EMBEDDED, Checkpoint, load_checkpoint
from hybridctl.vla.decoding import Decoder, Question
from hybridctl.vla.grammar import ACTION_SEPARATOR, act_grammar, plan_grammar, spoken
from hybridctl.vla.vocabulary import encode, integer_ids

BATCH = 8
"""Robots that ask together."""
BATCHES, QUICK_BATCHES = 25, 2
"""How many of them: BATCH pictures each, one a seed."""
DECODES = 100_000
SAMPLES = 16
"""Actions drawn beside the most likely one, in the row `sampled`."""


@dataclass(frozen=True)
class Kind:
    """A kind of question: its grammar, how it is asked about a picture, and what ends a shorter answer."""

    grammar: Grammar
    prompt: Callable[[ImageLabel], list[int]]
    end: int | None


def measure(job: Job) -> Measured:
    """Time all kinds of questions, alone and in batches, and count malformed answers of random logits."""
    batches = QUICK_BATCHES if job.quick else BATCHES
    seeds = job.seeds or (FIRST_EVALUATION_SEED, FIRST_EVALUATION_SEED + BATCH * batches)
    rows = on_one_core(_time_all, (seeds, job.policy_folder))
    with Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task("random logits", total=DECODES)
        malformed, decodes = count_malformed(
            DECODES, seed=FIRST_EVALUATION_SEED, advance=lambda n: progress.advance(bar, n)
        )
    return sum_up(rows, seeds, malformed=malformed, decodes=decodes)


def make_kinds(checkpoint: Checkpoint) -> dict[str, Kind]:
    """Return what is asked: eight action tokens, the product's action question, a plan with its action."""
    tokenizer, statistics = checkpoint.tokenizer, checkpoint.statistics
    integers = integer_ids(tokenizer)
    separator = [i for text in ACTION_SEPARATOR for i in encode(tokenizer, text)]
    phrases = {Argument.THING: prompts.object_phrases(), Argument.CONTAINER: prompts.CONTAINER_WORDS}
    planned = plan_grammar(
        phrases, spoken(tokenizer), end=int(tokenizer.eos_token_id), skills=prompts.SKILLS, parts=(),
        action=(separator, integers),
    )  # fmt: skip
    eight = compile_grammar(sequence(*[any_of(integers)] * len(ACTION_NAMES)))

    def act(label: ImageLabel) -> list[int]:
        s = statistics
        state = to_bins(np.array(label.state), low=s.state_low, high=s.state_high, bins=s.bins)
        target = Subgoal(Skill.PICK, label.things[label.focus].phrase)
        return encode(tokenizer, prompts.act_prompt(target, state.tolist()))

    def plan(label: ImageLabel) -> list[int]:
        words = prompts.PUT_INSTRUCTIONS[label.seed % len(prompts.PUT_INSTRUCTIONS)]
        phrase = label.things[label.focus].phrase
        return encode(tokenizer, prompts.plan_prompt(words.format(o=phrase)))

    # A plan ends in its action, and all actions are equally long: `generate` needs the padding token to stop.
    return {
        "tokens8": Kind(eight, act, None),
        "act": Kind(act_grammar(integers, separator), act, None),
        "plan_act": Kind(planned, plan, int(tokenizer.pad_token_id)),
    }


def _time_all(work: tuple[tuple[int, int], Path | None]) -> list[Row]:
    """Return a row for each kind of question and batch of pictures, and the ids of all answers compared."""
    torch.set_num_threads(1)
    seeds, folder = work
    checkpoint = load_checkpoint(folder or EMBEDDED)
    renderer = SceneRenderer()
    pictures = [renderer.render(seed, renderer="ray") for seed in range(*seeds)]
    renderer.close()
    rows: list[Row] = []
    with Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task("decoding", total=3 * (len(pictures) // BATCH))
        for name, kind in make_kinds(checkpoint).items():
            timer = KindTimer(checkpoint, kind)
            timer.time(pictures[:BATCH])  # what the first call costs is not what is timed
            for first in range(0, len(pictures) - BATCH + 1, BATCH):
                rows.append({"kind": name, **timer.time(pictures[first : first + BATCH])})
                progress.advance(bar)
    return rows


class KindTimer:
    """Asks one kind of question of both decoders."""

    def __init__(self, checkpoint: Checkpoint, kind: Kind) -> None:
        model = checkpoint.model
        self._kind, self._decoder = kind, Decoder(model)
        padding = int(checkpoint.tokenizer.pad_token_id)
        self._peer = HfGenerate(model, kind.grammar, padding=padding, end=kind.end)
        self._image = [int(model.config.image_token_id)] * int(model.config.image_seq_length)

    def time(self, pictures: Sequence[tuple[Any, ImageLabel]]) -> Row:
        """Return what pictures cost alone and together [ms each], and how many answers have equal ids."""
        pixels = torch.from_numpy(np.stack([rgb for rgb, _ in pictures]).astype(np.float32))
        pixels = pixels.permute(0, 3, 1, 2) / 127.5 - 1
        asked = [self._kind.prompt(label) for _, label in pictures]
        alone, peers, behind = [], [], []
        answers: list[list[int]] = []
        expected: list[list[int]] = []
        for i, prompt in enumerate(asked):
            one = pixels[i : i + 1]
            peers.append(_ms(lambda one=one, p=prompt: self._peer.answer(one, [p]), expected))  # type: ignore[misc]
            alone.append(_ms(lambda one=one, p=prompt: self._ask(one, [p]), answers))  # type: ignore[misc]
            seen = self._decoder.see(self._image, pixel_values=one)
            question = Question(seen[0], prompt, self._kind.grammar)
            behind.append(_ms(lambda q=question: [self._decoder.answer([q])[0].greedy.ids], []))  # type: ignore[misc]
        together: list[list[int]] = []
        batch = _ms(lambda: self._ask(pixels, asked), together)
        peer_together: list[list[int]] = []
        peer_batch = _ms(lambda: self._peer.answer(pixels, asked), peer_together)
        sampled = Question(seen[0], asked[-1], self._kind.grammar, samples=SAMPLES)
        return {
            "ms": [round(v, 3) for v in alone],
            "hf_ms": [round(v, 3) for v in peers],
            "seen_ms": [round(v, 3) for v in behind],
            "batch_ms": round(batch / len(asked), 3),
            "hf_batch_ms": round(peer_batch / len(asked), 3),
            "sampled_ms": round(_ms(lambda: [self._decoder.answer([sampled])[0].greedy.ids], []), 3),
            "equal": sum(a == e for a, e in zip(answers, expected, strict=True)),
            "batch_equal": sum(a == e for a, e in zip(together, expected, strict=True)),
        }

    def _ask(self, pixels: Tensor, asked: Sequence[list[int]]) -> list[list[int]]:
        seen = self._decoder.see(self._image, shared=False, pixel_values=pixels)
        questions = [Question(s, p, self._kind.grammar) for s, p in zip(seen, asked, strict=True)]
        return [answer.greedy.ids for answer in self._decoder.answer(questions)]


def sum_up(rows: Sequence[Row], seeds: tuple[int, int], *, malformed: int, decodes: int) -> Measured:
    """Return medians over pictures and batches, and ratios of them."""
    figures: dict[str, float | None] = {}
    n: dict[str, int] = {}
    for kind in dict.fromkeys(row["kind"] for row in rows):
        mine = [row for row in rows if row["kind"] == kind]
        medians: dict[str, float | None] = {}
        for key in ("ms", "hf_ms", "seen_ms"):
            values = [value for row in mine for value in row[key]]
            medians[key], n[_name(kind, key)] = quantile(values, 0.5), len(values)
        for key in ("batch_ms", "hf_batch_ms", "sampled_ms"):
            medians[key], n[_name(kind, key)] = quantile([row[key] for row in mine], 0.5), len(mine)
        figures |= {_name(kind, key): value for key, value in medians.items()}
        suffix = "" if kind == "tokens8" else f"_{kind}"
        for key, ours, theirs in (
            ("speedup_batch1", "ms", "hf_ms"),
            ("speedup_batch8", "batch_ms", "hf_ms"),
            ("speedup_batch8_both", "batch_ms", "hf_batch_ms"),
        ):
            a, b = medians[ours], medians[theirs]
            figures[key + suffix] = None if not a or b is None else round(b / a, 2)
            n[key + suffix] = len(mine) * BATCH
    compared = sum(2 * len(row["ms"]) for row in rows)
    equal = sum(row["equal"] + row["batch_equal"] for row in rows)
    figures |= {
        "malformed": malformed,
        "decodes": decodes,
        "greedy_equal": round(equal / compared, 4) if compared else None,
    }
    n |= {"malformed": decodes, "decodes": decodes, "greedy_equal": compared}
    return Measured(seeds, figures, n, list(rows))


def _name(kind: str, key: str) -> str:
    """Return the figure's name, `hf_tokens8_ms_median`, `tokens8_batch8_ms_median`."""
    who = "hf_" if key.startswith("hf_") else ""
    how = {"seen_ms": "_seen", "batch_ms": "_batch8", "hf_batch_ms": "_batch8", "sampled_ms": "_sampled16"}
    return f"{who}{kind}{how.get(key, '')}_ms_median"


def _ms(work: Callable[[], list[list[int]]], into: list[list[int]]) -> float:
    began = perf_counter()
    found = work()
    took = 1e3 * (perf_counter() - began)
    into += found
    return took
