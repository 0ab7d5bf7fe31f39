"""Figures on held-out images while training: is it the right thing, how far off, is the plan exact."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hybridctl.data.rendered import ImageLabel
from hybridctl.messages.plan import Skill
from hybridctl.training.batches import pack
from hybridctl.training.losses import TrainingModule
from hybridctl.training.questions import QuestionMaker
from hybridctl.vla.action_tokens import ActionTokenizer
from hybridctl.vla.prompts import PUT_INSTRUCTIONS
from hybridctl.vla.statistics import EMBEDDED_STATISTICS


def held_out_figures(
    module: TrainingModule,
    images: Iterator[tuple[NDArray[np.float32], ImageLabel]],
    maker: QuestionMaker,
    *,
    patches: int,
    pad: int,
) -> dict[str, Any]:
    """Ask each image one question of a kind and compare, given the true earlier tokens of the answer.

    `right_object`: the thing nearest to the predicted pixel is the one that was asked for.
    """
    pixel_errors, right, act_errors, yaw_errors, exact = [], [], [], [], []
    actions = ActionTokenizer(EMBEDDED_STATISTICS.action_spec())
    rng = np.random.default_rng(1)
    for image, label in images:
        things = label.things
        seen = [i for i, t in enumerate(things) if t.visible and all(0 <= x < 128 for x in t.pixel)]
        if not seen:
            continue
        asked = int(rng.choice(seen))
        carrying = label.mode == "carry"
        acted = len(things) - 1 if carrying else label.focus
        skill = Skill.PLACE_IN if carrying else Skill.PICK
        named = things[label.focus].phrase
        questions = [
            maker.locate(label, asked),
            maker.act(label, skill, acted),
            maker.plan(label, str(rng.choice(PUT_INSTRUCTIONS)).format(o=named), named, put=True),
        ]
        batch = pack(image[None], [label], [questions], patches=patches, pad=pad)
        with torch.no_grad():
            module(batch.to(str(module.integers.device)))
        log_p = module.last_log_p
        integers = log_p[:, module.integers.cpu()].argmax(1)
        place = (integers[:2].numpy() + 0.5) * 0.5
        distances = [float(np.hypot(*(place - t.pixel))) for t in things]
        pixel_errors.append(distances[asked])
        right.append(int(np.argmin(distances)) == asked)
        start = 2 + 2  # place of `locate`, place of `act`
        predicted = actions.decode(integers[start : start + 8].numpy())
        truth = actions.decode(batch.answer_bin[start : start + 8].numpy())
        act_errors.append(float(np.linalg.norm(predicted[1:4] - truth[1:4])))
        yaw_errors.append(abs(float(predicted[6] - truth[6])))
        planned = log_p[start + 8 :].argmax(1)
        exact.append(bool((planned == batch.answer_id[start + 8 :]).all()))
    return {
        "right_object": round(float(np.mean(right)), 4),
        "pixel_error_median": round(float(np.median(pixel_errors)), 3),
        "act_mm_median": round(1e3 * float(np.median(act_errors)), 2),
        "act_mm_p90": round(1e3 * float(np.quantile(act_errors, 0.9)), 2),
        "yaw_deg_median": round(float(np.degrees(np.median(yaw_errors))), 2),
        "plan_exact": round(float(np.mean(exact)), 4),
    }
