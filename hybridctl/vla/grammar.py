"""The grammars of the questions: plans, actions, places, closed answers and descriptions as automata."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from transformers import PreTrainedTokenizerBase

from hybridctl.messages.action import ACTION_NAMES
from hybridctl.messages.plan import PARTS, SIGNATURES, Argument, Plan, Skill, Subgoal
from hybridctl.vla import prompts
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
)

ACTION_SEPARATOR = ("Action:",)
"""What stands before the action tokens in an answer."""
MOST_SUBGOALS = 6
"""A plan has no more subgoals."""
MOST_WORDS = 24
"""A description has no more words."""
WAITS = ("1", "2", "3", "5", "10", "20", "30", "60")
"""Times that a plan may ask to wait [s]."""

Encode = Callable[[str], Sequence[int]]
"""Token ids of a piece of text that begins with its own space, ` red block`."""


def spoken(tokenizer: PreTrainedTokenizerBase) -> Encode:
    """Return the encoder of a tokenizer, which refuses what would not come back as the same text.

    The encoder raises GrammarError for a piece with a word that the tokenizer does not know.
    """

    def encode(piece: str) -> list[int]:
        ids = list(tokenizer(piece, add_special_tokens=False)["input_ids"])
        back = str(tokenizer.decode(ids)).strip()
        if back != piece.strip():
            raise GrammarError(
                f"the tokenizer reads {piece.strip()!r} back as {back!r}: it lacks a word of it"
            )
        return ids

    return encode


def closed_grammar(answers: Sequence[Sequence[int]]) -> Grammar:
    """Return the grammar of a closed list of answers, as token sequences; none may begin another."""
    return compile_grammar(choice(*map(text, answers)))


def locate_grammar(integers: Sequence[int]) -> Grammar:
    """Return the grammar of a place: two integers."""
    return compile_grammar(_integers(integers, 2))


def act_grammar(integers: Sequence[int], separator: Sequence[int]) -> Grammar:
    """Return the grammar of an action: a place, the separator, then exactly eight integers."""
    return compile_grammar(
        sequence(_integers(integers, 2), text(separator), _integers(integers, len(ACTION_NAMES)))
    )


def ask_grammar(answers: Sequence[str], encode: Encode, *, end: int) -> Grammar:
    """Return the grammar of a question that admits these answers only."""
    return closed_grammar([[*_encoded(encode, answer), end] for answer in answers])


def describe_grammar(
    words: Sequence[str], encode: Encode, *, end: int, most_words: int = MOST_WORDS
) -> Grammar:
    """Return the grammar of a description: one to `most_words` words of a vocabulary in any order."""
    word = choice(*(text(_encoded(encode, word)) for word in words))
    return compile_grammar(sequence(repeated(word, most=most_words), any_of([end])))


def plan_grammar(
    phrases: Mapping[Argument, Sequence[str]], encode: Encode, *, end: int,
    skills: Sequence[Skill] = tuple(Skill), parts: Sequence[str] = PARTS,
    most_subgoals: int = MOST_SUBGOALS, action: tuple[Sequence[int], Sequence[int]] | None = None,
) -> Grammar:  # fmt: skip
    """Return the grammar of a plan: `none`, or subgoals of the closed skill list separated by ` ;`.

    Args:
        phrases: What each kind of argument may be called. A skill whose target has no phrase cannot be
            planned; `push` goes toward any phrase of a thing, container or surface.
        encode: The tokenizer, on pieces of text with a leading space.
        end: The token that ends a plan without an action.
        skills: The closed list, or those of it that the model has learned.
        parts: By which `pick` may take a thing, where the model has learned any.
        most_subgoals: Longest plan.
        action: Token ids of the separator and of the 256 action integers: the eight action tokens follow the
            plan in place of the end token (RT-2's chain of thought, arXiv 2307.15818).

    Raises:
        GrammarError: a phrase cannot be read back from a plan's text, or no skill can be planned.
    """
    for phrase in {phrase for kind in phrases.values() for phrase in kind}:
        _check_phrase(phrase)
    say = _Say(phrases, parts, encode)
    subgoals = [subgoal for skill in skills if (subgoal := say.subgoal(skill)) is not None]
    if not subgoals:
        raise GrammarError("no skill can be planned: none of their targets has a phrase")
    steps = repeated(choice(*subgoals), most=most_subgoals, separator=say.words(";"))
    plan = choice(say.words("none"), steps)
    if action is None:
        return compile_grammar(sequence(plan, any_of([end])))
    separator, integers = action
    return compile_grammar(sequence(plan, text(separator), _integers(integers, len(ACTION_NAMES))))


class _Say:
    """Expressions of the pieces of a plan's text."""

    def __init__(
        self, phrases: Mapping[Argument, Sequence[str]], parts: Sequence[str], encode: Encode
    ) -> None:
        self._phrases, self._parts, self._encode = phrases, parts, encode

    def words(self, *options: str) -> Expression:
        return choice(*(text(_encoded(self._encode, option)) for option in options))

    def subgoal(self, skill: Skill) -> Expression | None:
        """Return the texts of one skill, None where its target has no phrase."""
        signature = SIGNATURES[skill]
        parts = [self.words(skill.value)]
        if skill is Skill.WAIT:
            return sequence(*parts, self.words(*WAITS))
        if signature.target is not Argument.NOTHING:
            targets = self._phrases.get(signature.target, ())
            if not targets:
                return None
            parts.append(self.words(*targets))
        if "part" in signature.options and self._parts:
            parts.append(choice(sequence(), sequence(self.words("by"), self.words(*self._parts))))
        if "toward" in signature.options:
            kinds = (Argument.THING, Argument.CONTAINER, Argument.SURFACE)
            goals = {phrase for kind in kinds for phrase in self._phrases.get(kind, ())}
            parts += [self.words("toward"), self.words(*sorted(goals))]
        return sequence(*parts)


def _integers(integers: Sequence[int], count: int) -> Expression:
    return sequence(*[any_of(integers)] * count)


def _encoded(encode: Encode, piece: str) -> list[int]:
    ids = list(encode(f" {piece}"))
    if not ids:
        raise GrammarError(f"the tokenizer has no token for {piece!r}")
    return ids


def _check_phrase(phrase: str) -> None:
    """Refuse a phrase that a plan's reader would cut in two or lose.

    Raises:
        GrammarError: with the phrase.
    """
    taken = {"by", "toward"} & set(phrase.split())
    if taken or ";" in phrase or " ".join(phrase.split()) != phrase or not phrase:
        raise GrammarError(
            f"the phrase {phrase!r} cannot stand in a plan: expected words with one space between them, "
            "without `;`, `by` and `toward`"
        )


def plan_texts() -> dict[str, Plan]:
    """Return every plan that the embedded model can give, by its text."""
    plans = [Plan(())]
    for phrase in prompts.object_phrases():
        pick = Subgoal(Skill.PICK, phrase)
        plans.append(Plan((pick,)))
        plans += [Plan((pick, Subgoal(Skill.PLACE_IN, c))) for c in prompts.CONTAINER_WORDS]
    return {prompts.plan_text(plan.subgoals): plan for plan in plans}
