"""The numbers without which a checkpoint means nothing: action and state bounds, and the image's size."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from hybridctl.messages.action import ACTION_NAMES, ActionSpec
from hybridctl.messages.arrays import MessageError
from hybridctl.messages.tool_state import STATE_NAMES
from hybridctl.vla.errors import StatisticsError

FILE_NAME = "action_spec.json"


class Statistics(BaseModel):
    """What travels with the weights as `action_spec.json`; nothing in it has a default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    action_names: tuple[str, ...] = Field(description="the action dimensions in token order")
    action_low: tuple[float, ...] = Field(description="lower bounds [1, m, m, m, rad, rad, rad, 1]")
    action_high: tuple[float, ...] = Field(description="upper bounds, same units")
    state_names: tuple[str, ...] = Field(description="the tool-state dimensions in the prompt")
    state_low: tuple[float, ...] = Field(description="lower bounds [m, m, m, rad, rad, rad, m]")
    state_high: tuple[float, ...] = Field(description="upper bounds, same units")
    bins: Literal[256] = Field(description="uniform bins a dimension: one for each integer token")
    frame: str = Field(description="frame of the action: base or tool")
    image_size: int = Field(description="edge of the square that pictures are brought to [px]", ge=16)

    @model_validator(mode="after")
    def _state_has_room(self) -> Statistics:
        if self.state_names != STATE_NAMES:
            raise ValueError(f"state_names are {self.state_names}, expected {STATE_NAMES}")
        if not len(self.state_low) == len(self.state_high) == len(self.state_names):
            raise ValueError(f"state_low and state_high need {len(self.state_names)} entries")
        for name, low, high in zip(self.state_names, self.state_low, self.state_high, strict=True):
            if not low < high:
                raise ValueError(f"state {name}: low {low} is not below high {high}")
        return self

    def action_spec(self) -> ActionSpec:
        """Return the bounds as the message type."""
        return ActionSpec(
            low=np.array(self.action_low), high=np.array(self.action_high), bins=self.bins, frame=self.frame
        )

    def save(self, folder: Path) -> None:
        """Write the file into a checkpoint folder."""
        (folder / FILE_NAME).write_text(self.model_dump_json(indent=2) + "\n")

    @staticmethod
    def load(folder: Path) -> Statistics:
        """Read them from a checkpoint folder.

        Raises:
            StatisticsError: the file is missing or not valid; the framework never guesses statistics.
        """
        path = folder / FILE_NAME
        if not path.is_file():
            raise StatisticsError(
                f"{folder} has no {FILE_NAME}: without action bounds its tokens mean nothing. "
                "Copy the file from where the model was trained"
            )
        try:
            statistics = Statistics.model_validate(json.loads(path.read_text()))
            statistics.action_spec()
        except (ValidationError, json.JSONDecodeError, UnicodeDecodeError, MessageError) as error:
            raise StatisticsError(f"{path}: {error}") from error
        if statistics.action_names != ACTION_NAMES:
            raise StatisticsError(f"{path}: expected action dimensions {ACTION_NAMES}")
        return statistics


EMBEDDED_STATISTICS = Statistics(
    action_names=ACTION_NAMES,
    action_low=(0.0, -0.2, -0.2, -0.2, -0.8, -0.8, -0.8, 0.0),
    action_high=(1.0, 0.2, 0.2, 0.2, 0.8, 0.8, 0.8, 1.0),
    state_names=STATE_NAMES,
    state_low=(0.2, -0.4, 0.0, -0.3, -0.3, -0.9, 0.0),
    state_high=(0.8, 0.4, 0.6, 0.3, 0.3, 0.9, 0.08),
    bins=256,
    frame="base",
    image_size=128,
)
"""What the model that ships with hybridctl is trained with."""
