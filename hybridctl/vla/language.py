"""What a checkpoint's words are: which tokens are actions, which pictures it is shown, what it can plan."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from transformers import PreTrainedTokenizerBase

from hybridctl.messages.plan import Argument, Skill
from hybridctl.vla.errors import LanguageError, TokenizerError
from hybridctl.vla.vocabulary import INTEGERS

FILE_NAME = "language.json"


class Language(BaseModel):
    """What travels with the weights as `language.json`; nothing in it has a default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    vocabulary: str = Field(
        description="fingerprint of the vocabulary that the ids belong to, see `fingerprint`"
    )
    action_ids: tuple[int, ...] = Field(
        description="token id of each of the 256 bins", min_length=INTEGERS, max_length=INTEGERS
    )
    pictures: tuple[str, ...] = Field(
        description="what the model is shown, in order: `scene`, `wrist`, `scene before`", min_length=1
    )
    skills: tuple[Skill, ...] = Field(description="skills that it has learned to plan with", min_length=1)
    phrases: dict[Argument, tuple[str, ...]] = Field(description="what each kind of argument may be called")
    most_subgoals: int = Field(description="longest plan", ge=1)

    @field_validator("action_ids")
    @classmethod
    def _ids_differ(cls, ids: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(ids)) != len(ids) or min(ids) < 0:
            raise ValueError("two bins have the same token, or one has none: expected 256 different ids")
        return ids

    def save(self, folder: Path) -> None:
        """Write the file into a checkpoint folder."""
        (folder / FILE_NAME).write_text(self.model_dump_json(indent=2) + "\n")

    @staticmethod
    def load(folder: Path, tokenizer: PreTrainedTokenizerBase) -> Language | None:
        """Read it from a checkpoint folder; None where there is none, as with the model that ships.

        Raises:
            LanguageError: the file is not valid.
            TokenizerError: it was written for another vocabulary than the tokenizer beside it has.
        """
        path = folder / FILE_NAME
        if not path.is_file():
            return None
        try:
            language = Language.model_validate(json.loads(path.read_text()))
        except (ValidationError, json.JSONDecodeError, UnicodeDecodeError) as error:
            raise LanguageError(f"{path}: {error}") from error
        if language.vocabulary != fingerprint(tokenizer):
            raise TokenizerError(
                f"{folder}: {FILE_NAME} was written for another vocabulary than tokenizer.json has: its "
                "action ids would mean other tokens. Copy the tokenizer from where the model was trained"
            )
        return language


def fingerprint(tokenizer: PreTrainedTokenizerBase) -> str:
    """Return the SHA-256 of a tokenizer's vocabulary, tokens with their ids."""
    pairs = sorted((int(number), token) for token, number in tokenizer.get_vocab().items())
    return hashlib.sha256(json.dumps(pairs).encode()).hexdigest()
