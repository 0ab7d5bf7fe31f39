"""One YAML file says all of a training run; it is saved with the weights."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

SHIPPED = Path(__file__).parent / "recipes" / "embedded.yaml"


class RecipeError(ValueError):
    """A training recipe cannot be read."""


class Recipe(BaseModel):
    """A training run. Figures behind the defaults: FIELD.md §8."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = Field(0, ge=0, description="seed of initialisation and of question sampling")
    hidden: int = Field(128, ge=32, description="trunk width")
    layers: int = Field(4, ge=3, description="trunk layers; the grounding loss reads layer 2")
    heads: int = Field(4, ge=2, description="attention heads; the grounding loss reads heads 0 and 1")
    channels: tuple[int, int, int, int] = Field((32, 48, 96, 128), description="vision tower channels")
    steps: int = Field(40_000, ge=1, description="optimiser steps of a full run")
    minutes: float = Field(1e9, gt=0, description="the run ends by then, its schedule squeezed [min]")
    batch: int = Field(8, ge=1, description="images a process and step")
    warm_batch: int = Field(4, ge=1, description="the same for the first `warm_batch_steps`")
    warm_batch_steps: int = Field(1500, ge=0, description="steps with the small batch")
    warmup_steps: int = Field(60, ge=0, description="steps of linear learning-rate warm-up")
    learning_rate: float = Field(1e-3, gt=0, description="peak learning rate of AdamW")
    decay_share: float = Field(0.4, gt=0, le=1, description="last share of the run with linear decay to 0")
    weight_decay: float = Field(0.01, ge=0, description="weight decay of AdamW")
    ema: float = Field(0.998, ge=0, lt=1, description="decay of the averaged weights that are saved")
    clip: float = Field(1.0, gt=0, description="gradient norm limit")
    sigma_bins: float = Field(2.0, ge=0, description="width of soft integer targets [bins]")
    locate_questions: int = Field(3, ge=0, description="location questions an image")
    act_questions: int = Field(2, ge=0, description="action questions an image")
    plan_questions: int = Field(1, ge=0, description="plan questions an image")
    grounding_weight: float = Field(1.0, ge=0, description="attention of answers to the named thing's patch")
    detection_weight: float = Field(1.0, ge=0, description="joint detection on the tower")
    alignment_weight: float = Field(1.0, ge=0, description="patch tokens predict the words of what they show")
    brightness: float = Field(0.15, ge=0, lt=1, description="relative brightness augmentation")
    colour_cast: float = Field(0.05, ge=0, lt=1, description="relative gain of each channel")
    noise: float = Field(0.02, ge=0, description="largest pixel noise, standard deviation of 1")


def load_recipe(path: Path | None) -> Recipe:
    """Read a recipe; None gives the one that the shipped model was trained with.

    Raises:
        RecipeError: the file cannot be read, or a key or value in it is wrong.
    """
    path = SHIPPED if path is None else path
    try:
        data = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise RecipeError(f"{path}: {error}") from error
    try:
        return Recipe.model_validate(data or {})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise RecipeError(f"{path}: {key}: {first['msg']} (got {first.get('input')!r})") from error
