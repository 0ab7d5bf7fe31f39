"""Fills a task's templates with the words of a language: articles, cases, the ends of adjectives."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from hybridctl.sim.tasks.lexicon import ADJECTIVES, GERMAN_DATIVES, LANGUAGES, NOUNS, ORDINALS

__all__ = ["LANGUAGES", "WordingError", "Wordings", "fill", "said"]

Wordings = Mapping[str, tuple[str, ...]]
"""A task's templates by language."""

CASES = ("acc", "dat", "nom", "bare")
_PLACEHOLDER = re.compile(r"\{(\w+)(?::(\w+))?\}")
_AND = {"en": " and ", "zh": "和", "es": " y ", "de": " und "}
_COMMA = {"en": ", ", "zh": "、", "es": ", ", "de": ", "}
_ARTICLES = {
    "nom": {"der": "der", "die": "die", "das": "das"},
    "acc": {"der": "den", "die": "die", "das": "das"},
    "dat": {"der": "dem", "die": "der", "das": "dem"},
}
_WEAK = {("nom", "der"), ("nom", "die"), ("nom", "das"), ("acc", "die"), ("acc", "das")}
"""Where an adjective after the article ends in -e; elsewhere it ends in -en."""
_STRONG = {"der": "er", "die": "e", "das": "es"}
_CONTRACTIONS = {
    "es": {"a el": "al", "de el": "del"},
    "de": {
        "in das": "ins", "in dem": "im", "zu dem": "zum", "zu der": "zur", "von dem": "vom", "an das": "ans",
        "an dem": "am", "bei dem": "beim",
    },
}  # fmt: skip


class WordingError(LookupError):
    """A language or a phrase is not in the lexicon, or a template asks for what it was not given."""


def said(
    rng: np.random.Generator, wordings: Wordings, language: str, **phrases: str | int | tuple[str, ...]
) -> str:
    """Draw one of a task's templates and fill it.

    Call it after the scene is built, so that a seed's scene is the same in every language.

    Raises:
        WordingError: as `fill` does.
    """
    _check(language)
    templates = wordings[language]
    return fill(templates[int(rng.integers(len(templates)))], language, **phrases)


def fill(template: str, language: str, **phrases: str | int | tuple[str, ...]) -> str:
    """Put phrases into a template.

    Args:
        template: Text with `{name}` or `{name:case}`: the phrase with its definite article, as a German
            accusative unless the case is `dat` or `nom`; `bare` leaves the article out. Only German tells
            the cases apart.
        language: One of LANGUAGES.
        phrases: Our English phrases by name, `thing="red block"`; several are listed with "and", a number
            stands as it is.

    Raises:
        WordingError: the language or a phrase is unknown, or the template names what was not given.
    """
    _check(language)

    def word(match: re.Match[str]) -> str:
        name, case = match[1], match[2] or "acc"
        if name not in phrases or case not in CASES:
            known = ", ".join(phrases)
            raise WordingError(f"{match[0]} in {template!r}: given are {known}; cases are {', '.join(CASES)}")
        value = phrases[name]
        if isinstance(value, int):
            return str(value)
        words = [_phrase(p, language, case) for p in ((value,) if isinstance(value, str) else value)]
        return _AND[language].join(filter(None, (_COMMA[language].join(words[:-1]), words[-1])))

    text = _PLACEHOLDER.sub(word, template)
    for apart, together in _CONTRACTIONS.get(language, {}).items():
        text = re.sub(rf"\b{apart}\b", together, text)
    return text


def _check(language: str) -> None:
    if language not in LANGUAGES:
        raise WordingError(f"no language is called {language!r}, expected one of {', '.join(LANGUAGES)}")


def _phrase(phrase: str, language: str, case: str) -> str:
    adjective, noun = _taken_apart(phrase)
    if language == "en":
        return phrase if case == "bare" else f"the {phrase}"
    chinese, spanish, german = NOUNS[noun]
    if language == "zh":
        # A noun of one syllable stands apart from what describes it.
        described = ADJECTIVES[adjective][0] if adjective else ""
        plain = not adjective or adjective in ORDINALS or described.endswith("的")
        joint = "的" if len(chinese) == 1 and not plain else ""
        return described + joint + chinese
    if language == "es":
        return _spanish(adjective, spanish, case)
    return _german(adjective, german, case)


def _taken_apart(phrase: str) -> tuple[str, str]:
    """Return a phrase's adjective, empty if it has none, and its noun."""
    if phrase in NOUNS:
        return "", phrase
    adjective, _, noun = phrase.partition(" ")
    if adjective in ADJECTIVES and noun in NOUNS:
        return adjective, noun
    raise WordingError(f"no words are known for {phrase!r} (hybridctl/sim/tasks/lexicon.py)")


def _spanish(adjective: str, with_article: str, case: str) -> str:
    article, _, noun = with_article.partition(" ")
    if adjective:
        word = ADJECTIVES[adjective][1 if article == "el" else 2]
        noun = f"{word} {noun}" if adjective in ORDINALS else f"{noun} {word}"
    return noun if case == "bare" else f"{article} {noun}"


def _german(adjective: str, with_article: str, case: str) -> str:
    gender, _, noun = with_article.partition(" ")
    stem = ADJECTIVES[adjective][3] if adjective else ""
    if case == "bare":
        return f"{stem}{_STRONG[gender]} {noun}" if stem else noun
    noun = GERMAN_DATIVES.get(noun, noun) if case == "dat" else noun
    described = f"{stem}{'e' if (case, gender) in _WEAK else 'en'} " if stem else ""
    return f"{_ARTICLES[case][gender]} {described}{noun}"
