"""Vocabulary surgery: which 256 tokens of a language model's vocabulary shall stand for action bins.

RT-2 (arXiv 2307.15818, section 3.2) knows two ways: where each integer has a token of its own, bins map to
them (PaLI-X); else the 256 least used tokens of the vocabulary are overwritten (PaLM-E).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerBase

from hybridctl.vla.vocabulary import INTEGERS


class SurgeryError(ValueError):
    """A vocabulary has no 256 tokens that could stand for action bins."""


def integer_tokens(tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Return the token id of each integer 0 … 255, where each is a single token.

    Raises:
        SurgeryError: one is not; most vocabularies split numbers into digits.
    """
    for space in (" ", ""):  # as it stands behind a word, or on its own
        texts = [f"{space}{value}" for value in range(INTEGERS)]
        found = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
        known = all(len(ids) == 1 and ids[0] != tokenizer.unk_token_id for ids in found)
        if known and len({ids[0] for ids in found}) == INTEGERS:
            return [int(ids[0]) for ids in found]
    raise SurgeryError(
        "not every integer from 0 to 255 is a single token of this vocabulary: choose the least used tokens "
        "instead (`least_used_tokens`, counted on a corpus)"
    )


def least_used_tokens(
    tokenizer: PreTrainedTokenizerBase, corpus: Path, *, keep: Iterable[str] = ()
) -> list[int]:
    """Return the 256 tokens that a corpus uses least, the most seldom first; ties go to the higher id.

    Special and added tokens, single characters and bytes (`<0x0A>`), and what `keep` is spelt with are never
    taken: any text must stay readable, and the prompts as they were learned.

    Args:
        tokenizer: The model's.
        corpus: Text file (a passage a line), or `.jsonl` whose strings, however deep, are the passages.
        keep: Texts that the model must still be able to read and say: prompts, phrases, skills.

    Raises:
        SurgeryError: the corpus is empty, or the vocabulary has too few tokens.
    """
    counts: Counter[int] = Counter()
    for passage in _passages(corpus):
        counts.update(tokenizer(passage, add_special_tokens=False)["input_ids"])
    if not counts:
        raise SurgeryError(f"{corpus} holds no text to count tokens in")
    kept = set(tokenizer.all_special_ids) | set(tokenizer.added_tokens_decoder)
    for text in keep:
        for spaced in (text, f" {text}"):
            kept.update(tokenizer(spaced, add_special_tokens=False)["input_ids"])
    free = [
        number
        for token, number in tokenizer.get_vocab().items()
        if number not in kept and len(token) > 1 and not (token.startswith("<0x") and token.endswith(">"))
    ]
    if len(free) < INTEGERS:
        raise SurgeryError(f"the vocabulary has {len(free)} tokens to spare, {INTEGERS} are needed")
    return sorted(free, key=lambda number: (counts[number], -number))[:INTEGERS]


def _passages(corpus: Path) -> Iterator[str]:
    with corpus.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if corpus.suffix != ".jsonl":
                yield line
            elif line.strip():
                try:
                    yield from _strings(json.loads(line))
                except json.JSONDecodeError as error:
                    raise SurgeryError(f"{corpus}, line {number}: {error}") from error


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _strings(part)
