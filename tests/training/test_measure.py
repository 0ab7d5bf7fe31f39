"""Figures on held-out images tell a good model from an untrained one."""

from collections.abc import Callable

import numpy as np
from transformers import PreTrainedTokenizerFast

from hybridctl.data.rendered import ImageLabel
from hybridctl.training.batches import SHAPES
from hybridctl.training.losses import TrainingModule
from hybridctl.training.measure import held_out_figures
from hybridctl.training.questions import QuestionMaker
from hybridctl.training.recipe import Recipe
from hybridctl.vla.checkpoint import EMBEDDED, load_checkpoint
from hybridctl.vla.prompts import COLOUR_WORDS
from hybridctl.vla.vocabulary import integer_ids

Images = list[tuple[np.ndarray, ImageLabel]]


def test_the_shipped_model_beats_an_untrained_one_on_every_figure(
    images: Images,
    maker: QuestionMaker,
    build_module: Callable[..., TrainingModule],
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    shipped = TrainingModule(load_checkpoint(EMBEDDED).model, integer_ids(tokenizer), Recipe())
    shipped.set_words(
        [tokenizer.convert_tokens_to_ids(word) for word in COLOUR_WORDS],
        [tokenizer.convert_tokens_to_ids(word) for word in SHAPES],
    )
    good = held_out_figures(shipped.eval(), iter(images), maker, patches=64, pad=0)
    bad = held_out_figures(build_module().eval(), iter(images), maker, patches=64, pad=0)
    assert good["right_object"] > 0.7 > bad["right_object"]
    assert good["plan_exact"] > 0.7 > bad["plan_exact"]
    assert good["pixel_error_median"] < 4.0 < bad["pixel_error_median"]
    assert good["act_mm_median"] < 25.0 < bad["act_mm_median"]
    assert good["act_mm_median"] <= good["act_mm_p90"]
