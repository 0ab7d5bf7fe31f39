"""Finite automata over token ids, compiled to tables: which tokens may come next, and where each leads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]


class GrammarError(ValueError):
    """A grammar cannot be built: it would admit what cannot be read, or never end."""


class _Draft:
    """A non-deterministic automaton while it is built: edges by token, and edges that cost none."""

    def __init__(self) -> None:
        self.edges: list[dict[int, set[int]]] = []
        self.free: list[set[int]] = []

    def state(self) -> int:
        self.edges.append({})
        self.free.append(set())
        return len(self.edges) - 1

    def closure(self, states: frozenset[int]) -> frozenset[int]:
        found, waiting = set(states), list(states)
        while waiting:
            for state in self.free[waiting.pop()] - found:
                found.add(state)
                waiting.append(state)
        return frozenset(found)


Expression = Callable[[_Draft, int, int], None]
"""Adds itself to a draft between two states."""


def any_of(tokens: Sequence[int]) -> Expression:
    """Return an expression of one token out of several."""

    def add(draft: _Draft, start: int, end: int) -> None:
        for token in tokens:
            draft.edges[start].setdefault(int(token), set()).add(end)

    return add


def text(tokens: Sequence[int]) -> Expression:
    """Return an expression of exactly these tokens, in order."""
    return sequence(*(any_of([token]) for token in tokens))


def sequence(*parts: Expression) -> Expression:
    """Return an expression of all parts, one after another."""

    def add(draft: _Draft, start: int, end: int) -> None:
        for part in parts[:-1]:
            between = draft.state()
            part(draft, start, between)
            start = between
        if parts:
            parts[-1](draft, start, end)
        else:
            draft.free[start].add(end)

    return add


def choice(*parts: Expression) -> Expression:
    """Return an expression of one of the parts; their beginnings may coincide."""

    def add(draft: _Draft, start: int, end: int) -> None:
        for part in parts:
            part(draft, start, end)

    return add


def repeated(part: Expression, *, most: int, separator: Expression | None = None) -> Expression:
    """Return an expression of 1 to `most` parts with a separator between them."""

    def add(draft: _Draft, start: int, end: int) -> None:
        for count in range(most):
            if count and separator is not None:
                behind = draft.state()
                separator(draft, start, behind)
                start = behind
            after = draft.state()
            part(draft, start, after)
            draft.free[after].add(end)
            start = after

    return add


@dataclass(frozen=True, eq=False)
class Grammar:
    """A deterministic automaton without cycles; state 0 is where an answer begins.

    A column stands for a token: only tokens that the grammar can ever use have one, so that the model's head
    needs to compute no other logit.

    Attributes:
        alphabet: Token id of each column, ascending, shape (A,).
        allowed: Whether a token may follow in a state, shape (S, A).
        following: The state that it leads to, 0 where it may not follow, shape (S, A).
        done: Whether the answer is complete in a state, shape (S,).
        run: The tokens that follow without a choice from each state, -1 behind them, shape (S, R).
        run_length: How many they are, shape (S,).
        run_end: The state behind them, shape (S,).
        longest: Tokens of the longest answer.
    """

    alphabet: IntArray
    allowed: NDArray[np.bool_]
    following: IntArray
    done: NDArray[np.bool_]
    run: IntArray
    run_length: IntArray
    run_end: IntArray
    longest: int

    def walk(self, ids: Sequence[int]) -> int | None:
        """Return the state behind a sequence of token ids, None where it is not admitted."""
        state = 0
        for token in ids:
            column = int(np.searchsorted(self.alphabet, token))
            known = column < self.alphabet.size and self.alphabet[column] == token
            if not known or not self.allowed[state, column]:
                return None
            state = int(self.following[state, column])
        return state

    def tokens(self, state: int) -> IntArray:
        """Return the token ids that may follow in a state, ascending."""
        ids: IntArray = self.alphabet[self.allowed[state]]
        return ids


def compile_grammar(expression: Expression) -> Grammar:
    """Return the smallest automaton that admits exactly what the expression does.

    An answer is complete where nothing may follow: one that begins another needs an end token.

    Raises:
        GrammarError: an answer may end although it may also go on, or nothing is admitted.
    """
    draft = _Draft()
    start, end = draft.state(), draft.state()
    expression(draft, start, end)
    first = draft.closure(frozenset([start]))
    edges: dict[frozenset[int], dict[int, frozenset[int]]] = {}
    waiting = [first]
    while waiting:  # subset construction
        members = waiting.pop()
        if members in edges:
            continue
        merged: dict[int, set[int]] = {}
        for member in members:
            for token, targets in draft.edges[member].items():
                merged.setdefault(token, set()).update(targets)
        edges[members] = {token: draft.closure(frozenset(targets)) for token, targets in merged.items()}
        if end in members and merged:
            raise GrammarError(
                "an answer may end where it may also go on: close every answer with an end token"
            )
        if end not in members and not merged:
            raise GrammarError("nothing is admitted: a choice has no option")
        waiting += edges[members].values()
    return _tables(_smallest(first, edges))


def union(grammars: Sequence[Grammar]) -> tuple[Grammar, list[int]]:
    """Return one automaton that holds all of them side by side, and the state in which each begins."""
    alphabet = np.unique(np.concatenate([g.alphabet for g in grammars]))
    states = sum(g.done.size for g in grammars)
    reach = max(g.run.shape[1] for g in grammars)
    allowed = np.zeros((states, alphabet.size), dtype=bool)
    following = np.zeros((states, alphabet.size), dtype=np.int64)
    run = np.full((states, reach), -1, dtype=np.int64)
    starts: list[int] = []
    first = 0
    for g in grammars:
        rows = slice(first, first + g.done.size)
        columns = np.searchsorted(alphabet, g.alphabet)
        allowed[rows, columns] = g.allowed
        following[rows, columns] = np.where(g.allowed, g.following + first, 0)
        run[rows, : g.run.shape[1]] = g.run
        starts.append(first)
        first += g.done.size
    joined = Grammar(
        alphabet,
        allowed,
        following,
        done=np.concatenate([g.done for g in grammars]),
        run=run,
        run_length=np.concatenate([g.run_length for g in grammars]),
        run_end=np.concatenate([g.run_end + at for g, at in zip(grammars, starts, strict=True)]),
        longest=max(g.longest for g in grammars),
    )
    return joined, starts


def _smallest(
    first: frozenset[int], edges: dict[frozenset[int], dict[int, frozenset[int]]]
) -> list[dict[int, int]]:
    """Merge states with equal futures; returns each state's edges, the first state at index 0."""
    numbers: dict[tuple[tuple[int, int], ...], int] = {}
    known: dict[frozenset[int], int] = {}
    stack = [first]
    while stack:
        members = stack[-1]
        missing = [target for target in edges[members].values() if target not in known]
        if missing:
            stack += missing
            continue
        stack.pop()
        future = tuple(sorted((token, known[target]) for token, target in edges[members].items()))
        known[members] = numbers.setdefault(future, len(numbers))
    last = len(numbers) - 1  # the first state was finished last: turned around, it is state 0
    states = [{token: last - target for token, target in future} for future in numbers]
    return states[::-1]


def _tables(states: list[dict[int, int]]) -> Grammar:
    """Return the tables; every edge leads to a state of a higher number."""
    alphabet = np.array(sorted({token for edges in states for token in edges}), dtype=np.int64)
    column = {int(token): i for i, token in enumerate(alphabet)}
    allowed = np.zeros((len(states), alphabet.size), dtype=bool)
    following = np.zeros((len(states), alphabet.size), dtype=np.int64)
    runs: list[list[int]] = [[] for _ in states]
    run_end = np.arange(len(states))
    longest = [0] * len(states)
    for state in reversed(range(len(states))):
        for token, target in states[state].items():
            allowed[state, column[token]] = True
            following[state, column[token]] = target
            longest[state] = max(longest[state], 1 + longest[target])
        if len(states[state]) == 1:
            (token, target) = next(iter(states[state].items()))
            runs[state], run_end[state] = [token, *runs[target]], run_end[target]
    lengths = np.array([len(run) for run in runs])
    run = np.full((len(states), max(1, int(lengths.max()))), -1, dtype=np.int64)
    for state, tokens in enumerate(runs):
        run[state, : len(tokens)] = tokens
    done = np.array([not edges for edges in states])
    return Grammar(alphabet, allowed, following, done, run, lengths, run_end, longest[0])
