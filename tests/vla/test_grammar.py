"""The grammars of the questions: every walk through one is an answer that the messages' own reader takes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from hybridctl.messages.plan import PARTS, Argument, Plan, Skill, Subgoal, parse_plan
from hybridctl.vla.automaton import Grammar, GrammarError
from hybridctl.vla.grammar import (
    WAITS,
    act_grammar,
    ask_grammar,
    closed_grammar,
    describe_grammar,
    locate_grammar,
    plan_grammar,
    plan_texts,
    spoken,
)
from hybridctl.vla.prompts import COLOUR_WORDS, SHAPE_WORDS
from hybridctl.vla.vocabulary import encode

INTEGERS = (10, 11, 12)
PHRASES = {
    Argument.THING: ("red block", "red ball", "red"),
    Argument.CONTAINER: ("bowl", "blue bin"),
    Argument.SURFACE: ("card",),
    Argument.HOLE: ("square hole",),
    Argument.ARTICULATION: ("drawer",),
    Argument.PERSON: ("person",),
    Argument.QUESTION: ("is the drawer open", "is the drawer"),
    Argument.PLACE: ("table", "drawer"),
}
WORDS = ("red", "block", "on", "table", "tab")
SEEDS = st.integers(0, 2**32)


@pytest.fixture(scope="module")
def bytewise() -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer as SmolVLM has one, but small: most words are several tokens."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=["<end>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    tokenizer.train_from_iterator(["pick red block; place_in bowl", "open drawer"] * 5, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>")


@pytest.fixture(scope="module")
def plans(bytewise: PreTrainedTokenizerFast) -> Grammar:
    return plan_grammar(PHRASES, spoken(bytewise), end=bytewise.eos_token_id)


@pytest.fixture(scope="module")
def plans_and_actions(bytewise: PreTrainedTokenizerFast) -> Grammar:
    action = (bytewise(" Action:")["input_ids"], range(1000, 1256))
    return plan_grammar(PHRASES, spoken(bytewise), end=bytewise.eos_token_id, action=action)


@pytest.fixture(scope="module")
def descriptions(bytewise: PreTrainedTokenizerFast) -> Grammar:
    return describe_grammar(WORDS, spoken(bytewise), end=0, most_words=5)


def wander(grammar: Grammar, rng: np.random.Generator) -> list[int]:
    state, ids = 0, []
    while not grammar.done[state]:
        ids.append(int(rng.choice(grammar.tokens(state))))
        found = grammar.walk(ids)
        assert found is not None
        state = found
    return ids


def test_a_place_is_two_integers() -> None:
    grammar = locate_grammar(INTEGERS)
    assert grammar.tokens(0).tolist() == list(INTEGERS)
    assert grammar.longest == 2
    assert grammar.walk([10, 12]) is not None
    assert grammar.done[grammar.walk([10, 12])]


def test_an_action_is_a_place_the_separator_and_exactly_eight_integers() -> None:
    grammar, state, seen = act_grammar(INTEGERS, (7, 8)), 0, []
    while not grammar.done[state]:
        seen.append(tuple(grammar.tokens(state).tolist()))
        state = int(grammar.following[state, np.flatnonzero(grammar.allowed[state])[0]])
    assert seen == [INTEGERS, INTEGERS, (7,), (8,), *[INTEGERS] * 8]


@settings(deadline=None)
@given(SEEDS)
def test_every_walk_through_a_plan_parses_and_is_about_what_has_a_name(
    bytewise: PreTrainedTokenizerFast, plans: Grammar, seed: int
) -> None:
    ids = wander(plans, np.random.default_rng(seed))
    assert ids[-1] == bytewise.eos_token_id
    text = bytewise.decode(ids[:-1])
    plan = parse_plan(text)
    known = {phrase for kind in PHRASES.values() for phrase in kind} | {""}
    assert all({subgoal.target, subgoal.toward} <= known for subgoal in plan.subgoals)
    assert bool(plan.subgoals) == (text.strip() != "none")


SUBGOALS = [
    Subgoal(Skill.LOOK, "table"),
    Subgoal(Skill.LOCATE, "red ball"),
    Subgoal(Skill.ASK, "is the drawer open"),
    *(Subgoal(Skill.PICK, "red block", part=part) for part in ("", *PARTS)),
    Subgoal(Skill.PLACE_IN, "blue bin"),
    Subgoal(Skill.PLACE_ON, "card"),
    Subgoal(Skill.PUSH, "red", toward="bowl"),
    Subgoal(Skill.OPEN, "drawer"),
    Subgoal(Skill.CLOSE, "drawer"),
    Subgoal(Skill.INSERT, "square hole"),
    Subgoal(Skill.HAND_OVER, "person"),
    Subgoal(Skill.HOME),
    *(Subgoal(Skill.WAIT, seconds=float(seconds)) for seconds in WAITS),
    Subgoal(Skill.DONE),
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(SUBGOALS), max_size=6))
def test_every_skill_with_its_options_can_be_planned(
    bytewise: PreTrainedTokenizerFast, plans: Grammar, subgoals: list[Subgoal]
) -> None:
    assert {subgoal.skill for subgoal in SUBGOALS} == set(Skill)
    say = spoken(bytewise)
    words = str(Plan(tuple(subgoals))).replace(";", " ;").split()
    state = plans.walk([*(i for word in words for i in say(f" {word}")), bytewise.eos_token_id])
    assert state is not None
    assert plans.done[state]


def test_a_plan_is_no_longer_than_it_may_be(bytewise: PreTrainedTokenizerFast) -> None:
    say = spoken(bytewise)
    grammar = plan_grammar(PHRASES, say, end=bytewise.eos_token_id, most_subgoals=2)
    home, semicolon = say(" home"), say(" ;")
    assert grammar.walk([*home, *semicolon, *home, bytewise.eos_token_id]) is not None
    assert grammar.walk([*home, *semicolon, *home, *semicolon]) is None


@settings(deadline=None)
@given(SEEDS)
def test_where_an_action_is_asked_for_eight_tokens_end_the_plan(
    bytewise: PreTrainedTokenizerFast, plans_and_actions: Grammar, seed: int
) -> None:
    ids = wander(plans_and_actions, np.random.default_rng(seed))
    assert all(1000 <= token < 1256 for token in ids[-8:])
    text = bytewise.decode(ids[:-8])
    assert text.endswith(" Action:")
    parse_plan(text.removesuffix(" Action:"))
    assert not any(token >= 1000 for token in ids[:-8])


def test_a_skill_whose_target_has_no_name_cannot_be_planned(bytewise: PreTrainedTokenizerFast) -> None:
    say = spoken(bytewise)
    grammar = plan_grammar({Argument.THING: ("red block",)}, say, end=0)
    assert grammar.walk(say(" pick")) is not None
    assert grammar.walk(say(" insert")) is None


def test_only_learned_skills_and_parts_are_planned(bytewise: PreTrainedTokenizerFast) -> None:
    say = spoken(bytewise)
    grammar = plan_grammar(PHRASES, say, end=0, skills=(Skill.PICK,), parts=())
    picked = [*say(" pick"), *say(" red"), *say(" ball")]
    assert grammar.walk(picked) is not None
    assert grammar.walk([*picked, *say(" by")]) is None
    assert grammar.walk(say(" home")) is None


@pytest.mark.parametrize("phrase", ["a; b", "cup by rim", "way toward home", " cup", "a  cup", ""])
def test_a_phrase_that_a_plan_would_lose_is_refused(bytewise: PreTrainedTokenizerFast, phrase: str) -> None:
    with pytest.raises(GrammarError, match="cannot stand in a plan"):
        plan_grammar({Argument.THING: (phrase,)}, spoken(bytewise), end=0)


def test_without_any_skill_there_is_no_plan(bytewise: PreTrainedTokenizerFast) -> None:
    with pytest.raises(GrammarError, match="no skill can be planned"):
        plan_grammar({}, spoken(bytewise), end=0, skills=(Skill.PICK,))


def test_a_word_that_the_tokenizer_lacks_is_refused_by_name(tokenizer: PreTrainedTokenizerFast) -> None:
    with pytest.raises(GrammarError, match="'purple dog'"):
        plan_grammar({Argument.THING: ("purple dog",)}, spoken(tokenizer), end=0, skills=(Skill.PICK,))


def test_a_closed_question_admits_its_answers_only(bytewise: PreTrainedTokenizerFast) -> None:
    grammar = ask_grammar(("yes", "no", "not sure"), spoken(bytewise), end=0)
    rng = np.random.default_rng(0)
    said = {bytewise.decode(wander(grammar, rng)[:-1]) for _ in range(60)}
    assert said == {" yes", " no", " not sure"}


@settings(deadline=None)
@given(SEEDS)
def test_a_description_is_words_of_the_vocabulary_and_ends(
    bytewise: PreTrainedTokenizerFast, descriptions: Grammar, seed: int
) -> None:
    said = bytewise.decode(wander(descriptions, np.random.default_rng(seed))[:-1]).split()
    assert 1 <= len(said) <= 5
    assert set(said) <= set(WORDS)


def test_every_plan_of_the_embedded_model_parses() -> None:
    texts = plan_texts()
    assert all(parse_plan(text) == plan for text, plan in texts.items())
    assert len(set(texts.values())) == len(texts) == 1 + 2 * len(COLOUR_WORDS) * len(SHAPE_WORDS)
    assert "pick red block ; place_in bowl" in texts


def test_plans_stay_apart_as_tokens(tokenizer: PreTrainedTokenizerFast) -> None:
    ids = [tuple(encode(tokenizer, text)) for text in plan_texts()]
    assert len(set(ids)) == len(ids)
    assert not any(tokenizer.unk_token_id in i for i in ids)
    grammar = closed_grammar([[*i, tokenizer.eos_token_id] for i in ids])
    assert all(grammar.walk(i) is not None for i in ids)
