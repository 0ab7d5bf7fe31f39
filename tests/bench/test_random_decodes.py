"""The random decodes' own readers tell good answers from bad, and what was decoded is counted."""

import numpy as np
import pytest

from hybridctl.bench.random_decodes import RandomLogits, _Words, count_malformed, make_forms

NUMBERS = "1 2 3 4 5 6 7 255"
GOOD = {
    "plan": ["none <end>", "pick red block by rim ; place_in blue bin <end>", "wait 5 <end>"],
    "plan, then act": [f"push mug toward tray Action: {NUMBERS}"],
    "act": [f"9 8 Action: {NUMBERS}"],
    "locate": ["0 255"],
    "ask": ["not seen <end>"],
    "describe": ["the red block is on the table <end>"],
}
BAD = {
    "plan": ["pick red block", "pick <end>", "pick dog <end>", "<end>", "wait 90 <end>", "home ; <end>"],
    "plan, then act": [f"home {NUMBERS}", f"home Action: {NUMBERS} 8", "home Action: 1 2 3 4 5 6 7 256"],
    "act": [f"9 Action: {NUMBERS}", f"9 8 {NUMBERS}"],
    "locate": ["0", "0 1 2", "0 x"],
    "ask": ["yes", "maybe <end>"],
    "describe": ["<end>", "dog <end>", "the " * 25 + "<end>"],
}


@pytest.mark.parametrize("name", GOOD)
def test_readers_tell_good_from_bad(name: str) -> None:
    form = make_forms(_Words())[name]
    assert all(form.well_formed(text) for text in GOOD[name])
    assert not any(form.well_formed(text) for text in BAD[name])


def test_all_forms_share_the_decodes() -> None:
    assert sum(form.share for form in make_forms(_Words()).values()) == pytest.approx(1.0)


def test_decodes_are_counted_and_none_is_malformed() -> None:
    seen: list[int] = []
    assert count_malformed(600, seed=0, advance=seen.append) == (0, 600)
    assert sum(seen) == 600


def test_an_answer_that_is_malformed_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hybridctl.bench.random_decodes.ANSWERS", ("yes", "no"))
    forms = make_forms(_Words())
    monkeypatch.setattr("hybridctl.bench.random_decodes.make_forms", lambda words: forms)
    monkeypatch.setattr(_Words, "text", lambda self, ids: "yes")
    assert count_malformed(100, seed=0, advance=lambda n: None) == (100, 100)


def test_random_logits_are_finite_and_of_any_size() -> None:
    logits = RandomLogits(50, seed=0)(np.arange(400), np.zeros((400, 1)), np.ones(400))
    assert np.isfinite(logits).all()
    size = np.abs(logits).max(1)
    assert size.min() < 1e-20
    assert size.max() > 1e20
