"""Which token may come next: nothing but a well-formed answer can be built."""

from hypothesis import given
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from hybridctl.messages.plan import Plan, Skill, Subgoal
from hybridctl.vla.grammar import TrieGrammar, act_grammar, locate_grammar, plan_texts
from hybridctl.vla.prompts import COLOUR_WORDS, SHAPE_WORDS
from hybridctl.vla.vocabulary import encode

INTEGERS = (10, 11, 12)


def parse(text: str) -> Plan:
    """Read a plan's text: the other direction, written from the format alone."""
    if text == "none":
        return Plan(())
    steps = [step.split(" ", 1) for step in text.split(" ; ")]
    return Plan(tuple(Subgoal(Skill(verb), target) for verb, target in steps))


def test_a_place_is_two_integers() -> None:
    grammar = locate_grammar(INTEGERS)
    assert grammar.allowed([]) == INTEGERS
    assert grammar.allowed([10]) == INTEGERS
    assert grammar.allowed([10, 12]) == ()


def test_an_action_is_a_place_the_separator_and_exactly_eight_integers() -> None:
    grammar = act_grammar(INTEGERS, (7, 8))
    prefix: list[int] = []
    seen = []
    while allowed := grammar.allowed(prefix):
        seen.append(allowed)
        prefix.append(allowed[0])
    assert seen == [INTEGERS, INTEGERS, (7,), (8,), *[INTEGERS] * 8]


sequences = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=4), min_size=1, max_size=6)


@given(sequences, st.randoms())
def test_a_walk_through_a_trie_ends_on_one_of_its_answers(answers: list[list[int]], random: object) -> None:
    ended = [[*answer, 9] for answer in answers]
    grammar = TrieGrammar(ended)
    walk: list[int] = []
    while allowed := grammar.allowed(walk):
        assert len(set(allowed)) == len(allowed)
        walk.append(random.choice(allowed))
    assert walk in ended


@given(sequences)
def test_every_answer_of_a_trie_can_be_walked(answers: list[list[int]]) -> None:
    ended = [[*answer, 9] for answer in answers]
    grammar = TrieGrammar(ended)
    for answer in ended:
        assert all(token in grammar.allowed(answer[:i]) for i, token in enumerate(answer))
        assert grammar.allowed(answer) == ()


def test_off_the_grammar_nothing_is_allowed() -> None:
    assert TrieGrammar([[1, 2], [1, 3]]).allowed([5]) == ()


def test_every_plan_text_parses_to_its_plan() -> None:
    texts = plan_texts()
    assert all(parse(text) == plan for text, plan in texts.items())
    assert len(set(texts.values())) == len(texts)


def test_the_list_of_plans_is_closed_and_covers_every_object() -> None:
    texts = plan_texts()
    assert len(texts) == 1 + 2 * len(COLOUR_WORDS) * len(SHAPE_WORDS)
    for colour in COLOUR_WORDS:
        for shape in SHAPE_WORDS:
            assert f"pick {colour} {shape} ; place_in bowl" in texts
            assert f"pick {colour} {shape}" in texts
    assert "none" in texts


def test_plans_stay_apart_as_tokens(tokenizer: PreTrainedTokenizerFast) -> None:
    ids = [tuple(encode(tokenizer, text)) for text in plan_texts()]
    assert len(set(ids)) == len(ids)
    assert not any(tokenizer.unk_token_id in i for i in ids)
