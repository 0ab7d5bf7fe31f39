"""The constrained loop: whatever logits come, only what a grammar admits is put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hybridctl.vla.automaton import Grammar, IntArray
from hybridctl.vla.decoded import Choice, Decoded
from hybridctl.vla.sampling import Draw, choose


class LogitSource(Protocol):
    """Gives the logits of the next token of each row: a model, or a test's random numbers."""

    def __call__(self, owners: IntArray, tokens: IntArray, counts: IntArray) -> NDArray[np.float32]:
        """Append tokens to rows and return logits of what follows, in the grammar's columns, shape (n, A).

        Args:
            owners: Row i goes on from what row owners[i] of the call before held, shape (n,); in the first
                call from the prompt owners[i].
            tokens: New token ids, padded on the right, shape (n, T).
            counts: How many of them each row has, shape (n,); 0 only in the first call.
        """
        ...


@dataclass(frozen=True)
class Walk:
    """Where the loop went.

    Attributes:
        grammar: What it went by.
        ids: Token ids, -1 behind each answer's end, shape (rows, longest).
        lengths: Tokens of each answer, shape (rows,).
        steps: For each forward pass the rows that chose, their positions, states, and their logits.
    """

    grammar: Grammar
    ids: IntArray
    lengths: IntArray
    steps: list[tuple[IntArray, IntArray, IntArray, NDArray[np.float32]]]

    def decoded(self) -> list[Decoded]:
        """Return each row's answer with its choices."""
        answers = [
            Decoded(ids[:n].tolist(), []) for ids, n in zip(self.ids, self.lengths.tolist(), strict=True)
        ]
        for rows, positions, states, logits in self.steps:
            for i, row in enumerate(rows.tolist()):
                allowed = self.grammar.allowed[states[i]]
                at = int(positions[i])
                choice = Choice(
                    at, int(self.ids[row, at]), self.grammar.alphabet[allowed], logits[i, allowed]
                )
                answers[row].choices.append(choice)
        return answers


def walk(
    source: LogitSource, grammar: Grammar, *, starts: IntArray, owners: IntArray,
    draws: Sequence[Draw] | None = None,
) -> Walk:  # fmt: skip
    """Put answers together token by token; a token without a choice costs no forward pass of its own.

    Args:
        source: Holds the prompts.
        grammar: The automaton, or several side by side.
        starts: State in which the answer to each prompt begins, shape (prompts,).
        owners: Prompt that each answer is to, shape (rows,); all prompts in order, each once or more.
        draws: How each answer is drawn; greedily when None.

    Raises:
        DecodingError: a logit is NaN or infinite.
    """
    found = _Answers(grammar, owners.size)
    # Prompts run once each; the answers to one prompt part at the first choice.
    first = np.flatnonzero(~grammar.done[grammar.run_end[starts]])
    state = found.force(np.arange(owners.size), starts[owners])
    going = np.flatnonzero(~grammar.done[state])
    if not going.size:
        return found.walk()
    lengths = grammar.run_length[starts[first]]
    logits = source(first, grammar.run[starts[first], : max(1, int(lengths.max()))], lengths)
    at = np.searchsorted(first, owners[going])  # which row of the last call each answer goes on from
    state = state[going]
    while True:
        values = logits if at.size == len(logits) and _in_order(at) else logits[at]
        taken = choose(
            values, grammar.allowed[state], None if draws is None else [draws[row] for row in going.tolist()]
        )
        found.choose(going, state, values, taken)
        state = grammar.following[state, taken]
        runs = grammar.run_length[state]
        tokens = np.concatenate([grammar.alphabet[taken][:, None], grammar.run[state]], axis=1)
        state = found.force(going, state)
        alive = ~grammar.done[state]
        if not alive.any():
            return found.walk()
        keep = _closed_up(alive)
        going, state, at, runs, tokens = going[keep], state[keep], at[keep], runs[keep], tokens[keep]
        logits = source(at, tokens[:, : 1 + int(runs.max())], 1 + runs)
        at = np.arange(going.size)


class _Answers:
    """The answers so far."""

    def __init__(self, grammar: Grammar, rows: int) -> None:
        self._grammar = grammar
        self._ids = np.full((rows, grammar.longest), -1, dtype=np.int64)
        self._lengths = np.zeros(rows, dtype=np.int64)
        self._steps: list[tuple[IntArray, IntArray, IntArray, NDArray[np.float32]]] = []

    def choose(self, rows: IntArray, states: IntArray, logits: NDArray[np.float32], taken: IntArray) -> None:
        positions = self._lengths[rows]
        self._steps.append((rows, positions, states, logits))
        self._ids[rows, positions] = self._grammar.alphabet[taken]
        self._lengths[rows] += 1

    def force(self, rows: IntArray, states: IntArray) -> IntArray:
        """Append what follows without a choice and return the states behind it."""
        counts = self._grammar.run_length[states]
        for i in np.flatnonzero(counts).tolist():
            row, n = rows[i], int(counts[i])
            at = self._lengths[row]
            self._ids[row, at : at + n] = self._grammar.run[states[i], :n]
        self._lengths[rows] += counts
        return self._grammar.run_end[states]

    def walk(self) -> Walk:
        return Walk(self._grammar, self._ids, self._lengths, self._steps)


def _in_order(index: IntArray) -> bool:
    return bool((index == np.arange(index.size)).all())


def _closed_up(alive: NDArray[np.bool_]) -> IntArray:
    """Return the rows that go on, holes filled from behind: so that few of a cache's rows must move."""
    if alive.all():
        return np.arange(alive.size)
    count = int(alive.sum())
    keep = np.arange(count)
    keep[~alive[:count]] = count + np.flatnonzero(alive[count:])
    return keep
