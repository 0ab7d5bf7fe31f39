"""Plays a sequence to somebody and writes down, from truth, how right each of the answers was."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from hybridctl.bench.memory_players import NEAR, Player, Remembering, raw_places
from hybridctl.bench.memory_recording import Input, Look, Move, Points, Truth
from hybridctl.messages.arrays import FloatArray

NOTICED = 0.03
"""A move is noticed once the thing is believed within this of its new place [m]."""
QUERIES_A_SECOND = 4.0
Row = dict[str, Any]


def judge(player: Player, inputs: Sequence[Input], truth: Truth, *, seed: int) -> Row:
    """Play `inputs` to somebody, ask at random times and after each look, and score by truth.

    Returns:
        Plain data: `nees` (value, knowable, held), `said` (probability, true), `errors` and `raw_errors` of
        the same things at the same instants [m] with how many `stations` were seen by then, `switches`,
        `notice` (seconds, noticed, swapped), `known` (share of the phrases that an answer was had for), and
        of a memory `nis`: the chance of each innovation.
    """
    rng = np.random.default_rng((seed, 41))
    begin, end = float(truth.stamps[0]), float(truth.stamps[-1])
    count = rng.poisson(QUERIES_A_SECOND * (end - begin))
    queries = np.sort(rng.uniform(begin, end, count)).tolist()
    sheet = _Sheet(truth)
    for one in inputs:
        while queries and queries[0] < one.stamp:
            sheet.ask(player, queries.pop(0))
        player.take(one)
        if isinstance(one, Look | Points):
            sheet.looked(player, one)
    for now in queries:
        sheet.ask(player, now)
    row = sheet.row()
    if isinstance(player, Remembering):
        row["nis"] = player.chances
    return row


class _Sheet:
    """What is written down of one player."""

    def __init__(self, truth: Truth) -> None:
        self._truth = truth
        self._number = {phrase: i for i, phrase in enumerate(truth.phrases)}
        self._sits_on: dict[str, str] = {}
        self._waiting: list[Move] = []
        self._to_come = sorted(truth.moves, key=lambda move: move.stamp)
        self._stations: set[int] = set()
        self._shown_since = dict.fromkeys(truth.phrases, True)
        self._moved_at: dict[str, float] = {}
        self._begun: set[str] = set()
        self._row: Row = {
            "nees": [], "said": [], "errors": [], "raw_errors": [], "stations": [], "switches": 0,
            "notice": [], "known": [],
        }  # fmt: skip

    def ask(self, player: Player, now: float) -> None:
        """Ask where everything is."""
        self._pass(now)
        places, guesses = self._truth.at(now), player.guesses(now)
        held = int(self._truth.held[self._truth.tick(now)])
        self._row["known"].append(len(self._begun & guesses.keys()) / max(1, len(self._begun)))
        for phrase, guess in guesses.items():
            if phrase not in self._number:
                continue
            i = self._number[phrase]
            off = guess.position - places[i]
            if guess.covariance is not None:
                nees = float(off @ np.linalg.solve(guess.covariance, off))
                self._row["nees"].append([nees, self._shown_since[phrase], held == i])
            if guess.probability is not None:
                self._row["said"].append([guess.probability, bool(np.linalg.norm(off) < NEAR)])
        if isinstance(player, Remembering):
            state = player.memory.holding_state()
            self._row["said"].append([state.probability, held >= 0])
        self._switched(guesses, places)
        self._notice(guesses, now)

    def looked(self, player: Player, one: Look | Points) -> None:
        """Ask where what was just seen is, beside where the answers have it."""
        now = one.stamp
        self._pass(now)
        if isinstance(one, Look):
            self._stations.add(one.station)
        taken = one.picture.stamp if isinstance(one, Look) else one.stamp
        for phrase, shown in zip(self._truth.phrases, one.shown, strict=True):
            if shown and taken >= self._moved_at.get(phrase, -math.inf):
                self._shown_since[phrase] = True
        raw = raw_places(one)
        self._begun |= raw.keys()
        places, guesses = self._truth.at(now), player.guesses(now)
        for phrase, place in raw.items():
            i = self._number[phrase]
            if phrase in guesses:
                self._row["errors"].append(float(np.linalg.norm(guesses[phrase].position - places[i])))
                self._row["raw_errors"].append(float(np.linalg.norm(place - places[i])))
                self._row["stations"].append(len(self._stations))
        self.ask(player, now)

    def row(self) -> Row:
        """Return all that was written down."""
        end = float(self._truth.stamps[-1])
        self._row["notice"] += [[end - move.stamp, False, move.swapped] for move in self._waiting]
        return self._row

    def _pass(self, now: float) -> None:
        """Take in what somebody did until now."""
        while self._to_come and self._to_come[0].stamp <= now:
            move = self._to_come.pop(0)
            self._waiting = [w for w in self._waiting if w.phrase != move.phrase]
            self._waiting.append(move)
            self._moved_at[move.phrase] = move.stamp
            self._shown_since[move.phrase] = False

    def _notice(self, guesses: Any, now: float) -> None:
        for move in list(self._waiting):
            guess = guesses.get(move.phrase)
            if guess is not None and float(np.linalg.norm(guess.position - move.to)) < NOTICED:
                self._row["notice"].append([now - move.stamp, True, move.swapped])
                self._waiting.remove(move)

    def _switched(self, guesses: Any, places: FloatArray) -> None:
        """Count phrases that have come to sit on a thing of another name."""
        for phrase, guess in guesses.items():
            away = np.linalg.norm(places - guess.position, axis=1)
            nearest = int(np.argmin(away))
            if away[nearest] >= NEAR:
                continue
            on = self._truth.phrases[nearest]
            before = self._sits_on.get(phrase)
            if on not in (phrase, before) and before is not None:
                self._row["switches"] += 1
            self._sits_on[phrase] = on
