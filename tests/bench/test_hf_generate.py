"""The peer is held to the same grammar, alone and in a batch of prompts of different lengths."""

import numpy as np
import pytest
import torch

from hybridctl.bench.hf_generate import GrammarProcessor, HfGenerate
from hybridctl.vla.automaton import choice, compile_grammar, text
from hybridctl.vla.checkpoint import EMBEDDED, Checkpoint, load_checkpoint
from hybridctl.vla.grammar import act_grammar
from hybridctl.vla.vocabulary import encode, integer_ids

PADDING = 0


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return load_checkpoint(EMBEDDED)


def test_only_what_may_come_next_keeps_its_score() -> None:
    grammar = compile_grammar(choice(text([5, 6]), text([7, 8, 9])))
    processor = GrammarProcessor(grammar, vocabulary=12, padding=PADDING)
    scores = torch.zeros(2, 12)

    def left(ids: list[list[int]]) -> list[list[int]]:
        return [np.flatnonzero(row == 0).tolist() for row in processor(torch.tensor(ids), scores).numpy()]

    assert left([[1], [1]]) == [[5, 7], [5, 7]]
    assert left([[1, 5], [1, 7]]) == [[6], [8]]
    assert left([[1, 5, 6], [1, 7, 8]]) == [[PADDING], [9]]


def test_answers_are_of_the_grammar_and_the_same_in_a_batch(checkpoint: Checkpoint) -> None:
    tokenizer = checkpoint.tokenizer
    grammar = act_grammar(integer_ids(tokenizer), encode(tokenizer, "Action:"))
    peer = HfGenerate(checkpoint.model, grammar, padding=PADDING, end=None)
    pixels = torch.rand((2, 3, 128, 128), generator=torch.Generator().manual_seed(0))
    prompts = [
        encode(tokenizer, "Q: what action should the robot take to pick the red block? tool 1 2 A:"),
        encode(tokenizer, "Q: what action? A:"),
    ]
    together = peer.answer(pixels, prompts)
    alone = [peer.answer(pixels[i : i + 1], [prompts[i]])[0] for i in range(2)]
    assert together == alone
    for ids in together:
        state = grammar.walk(ids)
        assert state is not None
        assert grammar.done[state]
