"""Automata admit exactly what their expressions say, and cannot be left or entered half way."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridctl.vla.automaton import (
    Expression,
    Grammar,
    GrammarError,
    any_of,
    choice,
    compile_grammar,
    repeated,
    sequence,
    text,
    union,
)

END = 99
answers_of_tokens = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=4), min_size=1, max_size=8)


def admitted(grammar: Grammar, state: int = 0) -> set[tuple[int, ...]]:
    """Every answer that can be walked."""
    if grammar.done[state]:
        return {()}
    found = set()
    for column in np.flatnonzero(grammar.allowed[state]):
        rest = admitted(grammar, int(grammar.following[state, column]))
        found |= {(int(grammar.alphabet[column]), *tail) for tail in rest}
    return found


def closed(answers: list[list[int]]) -> Grammar:
    return compile_grammar(choice(*(text([*answer, END]) for answer in answers)))


@given(answers_of_tokens)
def test_a_choice_of_texts_admits_these_and_no_others(answers: list[list[int]]) -> None:
    assert admitted(closed(answers)) == {(*answer, END) for answer in answers}


@given(answers_of_tokens)
def test_the_automaton_is_as_small_as_its_futures(answers: list[list[int]]) -> None:
    grammar = closed(answers)
    futures = [frozenset(admitted(grammar, state)) for state in range(grammar.done.size)]
    assert len(set(futures)) == len(futures)


@given(answers_of_tokens)
def test_runs_are_what_follows_without_a_choice(answers: list[list[int]]) -> None:
    grammar = closed(answers)
    for state in range(grammar.done.size):
        at = state
        for token in grammar.run[state, : grammar.run_length[state]]:
            assert grammar.tokens(at).tolist() == [token]
            at = int(grammar.following[at, np.searchsorted(grammar.alphabet, token)])
        assert at == grammar.run_end[state]
        assert grammar.tokens(at).size != 1


@given(answers_of_tokens)
def test_the_longest_answer_is_known(answers: list[list[int]]) -> None:
    assert closed(answers).longest == 1 + max(map(len, answers))


def test_repetition_is_bounded_and_separated() -> None:
    grammar = compile_grammar(
        sequence(repeated(any_of([1, 2]), most=3, separator=text([7, 8])), any_of([END]))
    )
    expected = {
        (*first, *(t for token in rest for t in (7, 8, token)), END)
        for count in (1, 2, 3)
        for first, *rest in [((c[0],), *c[1:]) for c in product([1, 2], repeat=count)]
    }
    assert admitted(grammar) == expected


def test_parts_that_begin_alike_part_where_they_differ() -> None:
    grammar = compile_grammar(choice(text([1, 2, 3]), text([1, 2, 4]), sequence(text([1]), text([5]))))
    assert admitted(grammar) == {(1, 2, 3), (1, 2, 4), (1, 5)}
    assert grammar.run_length[0] == 1


def test_an_optional_part_may_be_left_out() -> None:
    grammar = compile_grammar(sequence(text([1]), choice(sequence(), text([2])), text([3])))
    assert admitted(grammar) == {(1, 3), (1, 2, 3)}


def test_an_answer_that_begins_another_needs_an_end_token() -> None:
    with pytest.raises(GrammarError, match="end token"):
        compile_grammar(choice(text([1]), text([1, 2])))


@pytest.mark.parametrize("empty", [choice(), sequence(text([1]), any_of([]))])
def test_a_choice_without_options_is_no_grammar(empty: Expression) -> None:
    with pytest.raises(GrammarError, match="nothing is admitted"):
        compile_grammar(empty)


def test_a_walk_off_the_grammar_is_seen() -> None:
    grammar = closed([[1, 2], [1, 3]])
    assert grammar.walk([1, 3, END]) is not None
    assert grammar.walk([1, 0]) is None
    assert grammar.walk([1000]) is None
    assert grammar.walk([1, 2, END, END]) is None


@given(st.lists(answers_of_tokens, min_size=1, max_size=3))
def test_grammars_side_by_side_admit_what_they_did_alone(several: list[list[list[int]]]) -> None:
    grammars = [closed(answers) for answers in several]
    joined, starts = union(grammars)
    assert joined.longest == max(grammar.longest for grammar in grammars)
    for grammar, start in zip(grammars, starts, strict=True):
        assert admitted(joined, start) == admitted(grammar)
        ends = joined.run_end[start : start + grammar.done.size] - start
        np.testing.assert_array_equal(ends, grammar.run_end)
