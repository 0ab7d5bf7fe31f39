"""The loop on random logits: any answer can be read, forced tokens ask for nothing, rows do not mix."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from hybridctl.vla.automaton import (
    Grammar,
    IntArray,
    any_of,
    choice,
    compile_grammar,
    repeated,
    sequence,
    text,
    union,
)
from hybridctl.vla.constrained import walk
from hybridctl.vla.sampling import DecodingError, Draw

END = 50
FORMS = [
    compile_grammar(sequence(repeated(any_of(range(5)), most=6), any_of([END]))),
    compile_grammar(sequence(text([8, 9]), any_of(range(20, 30)), text([10, 11, 12]), any_of(range(20, 30)))),
    compile_grammar(choice(text([1, 2, END]), text([1, 3, 4, END]), text([30, END]))),
    compile_grammar(text([40, 41])),
]


class Script:
    """A source whose logits are a function of what each row holds: what was said is all that counts."""

    def __init__(self, grammar: Grammar, seed: int, prompts: int, *, spoil: float | None = None) -> None:
        self._columns, self._seed, self._spoil = grammar.alphabet.size, seed, spoil
        self.held: list[tuple[int, ...]] = [(1000 + i,) for i in range(prompts)]
        self.passes = 0

    def __call__(self, owners: IntArray, tokens: IntArray, counts: IntArray) -> NDArray[np.float32]:
        self.passes += 1
        self.held = [
            (*self.held[owner], *row[:n])
            for owner, row, n in zip(owners, tokens.tolist(), counts, strict=True)
        ]
        logits = [np.random.default_rng([self._seed, *held]).normal(size=self._columns) for held in self.held]
        found = np.array(logits, dtype=np.float32)
        if self._spoil is not None and self.passes == 2:
            found[-1] = self._spoil
        return found


def decode(
    which: list[int], seed: int, draws: list[Draw] | None = None, owners: list[int] | None = None
) -> tuple[list[list[int]], Script]:
    grammar, starts = union(FORMS)
    source = Script(grammar, seed, len(which))
    found = walk(
        source, grammar, starts=np.array([starts[i] for i in which]),
        owners=np.arange(len(which)) if owners is None else np.array(owners), draws=draws,
    ).decoded()  # fmt: skip
    return [answer.ids for answer in found], source


@settings(deadline=None)
@given(st.lists(st.integers(0, len(FORMS) - 1), min_size=1, max_size=9), st.integers(0, 10**6))
def test_any_logits_give_answers_of_their_own_grammar(which: list[int], seed: int) -> None:
    for ids, form in zip(decode(which, seed)[0], which, strict=True):
        state = FORMS[form].walk(ids)
        assert state is not None
        assert FORMS[form].done[state]


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 6))
def test_rows_of_a_batch_answer_as_if_alone_though_some_end_early(seed: int, count: int) -> None:
    grammar = FORMS[0]
    for row in range(count):
        batch, source = Script(grammar, seed, count), Script(grammar, seed, count)
        start = np.zeros(count, dtype=np.int64)
        together = walk(batch, grammar, starts=start, owners=np.arange(count)).decoded()
        source.held = source.held[row:]
        alone = walk(source, grammar, starts=start[:1], owners=np.arange(1)).decoded()
        assert together[row].ids == alone[0].ids
        for a, b in zip(together[row].choices, alone[0].choices, strict=True):
            assert (a.position, a.token) == (b.position, b.token)
            np.testing.assert_array_equal(a.logits, b.logits)


def test_tokens_without_a_choice_cost_no_pass() -> None:
    ids, source = decode([1], 0)
    assert len(ids[0]) == 7
    assert source.passes == 2
    ids, source = decode([3], 0)
    assert (ids, source.passes) == ([[40, 41]], 0)


def test_the_source_is_told_everything_that_was_said_before_the_last_choice() -> None:
    ids, source = decode([1], 4)
    assert source.held == [(1000, *ids[0][:-1])]


def test_choices_are_the_free_tokens_with_all_that_was_allowed() -> None:
    grammar = FORMS[1]
    found = walk(Script(grammar, 5, 1), grammar, starts=np.array([0]), owners=np.array([0])).decoded()[0]
    assert [c.position for c in found.choices] == [2, 6]
    for c in found.choices:
        assert c.allowed.tolist() == list(range(20, 30))
        assert c.token == found.ids[c.position] == c.allowed[c.logits.argmax()]


def test_several_answers_to_one_prompt_part_where_they_are_drawn() -> None:
    draws = [Draw(), *(Draw.seeded(1.0, seed=9, sample=i) for i in range(7))]
    again = [Draw(), *(Draw.seeded(1.0, seed=9, sample=i) for i in range(7))]
    ids, _ = decode([0], 2, draws, owners=[0] * 8)
    assert ids == decode([0], 2, again, owners=[0] * 8)[0]
    assert ids[0] == decode([0], 2)[0][0]
    assert len({tuple(answer) for answer in ids}) > 3


def test_a_draw_does_not_depend_on_who_else_is_in_the_batch() -> None:
    def one() -> Draw:
        return Draw.seeded(2.0, seed=1, sample=0)

    alone = decode([0], 2, [one()])[0]
    beside = decode([0, 1, 2, 3], 2, [one(), Draw(), Draw.seeded(1.0, seed=8, sample=0), Draw()])[0]
    assert beside[0] == alone[0]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_logits_that_are_not_finite_end_the_decode(value: float) -> None:
    with pytest.raises(DecodingError, match="not finite"):
        walk(
            Script(FORMS[0], 0, 2, spoil=value), FORMS[0],
            starts=np.zeros(2, dtype=np.int64), owners=np.arange(2),
        )  # fmt: skip
