"""Questions carry the expert's answers, in the very tokens that the policy asks and decodes."""

import numpy as np
from transformers import PreTrainedTokenizerFast

from hybridctl.data.expert import expert_action
from hybridctl.data.rendered import ImageLabel
from hybridctl.messages.plan import Skill, Subgoal
from hybridctl.training.questions import QuestionMaker
from hybridctl.vla import prompts
from hybridctl.vla.action_tokens import ActionTokenizer, to_bins
from hybridctl.vla.grammar import ACTION_SEPARATOR, act_grammar, closed_grammar, locate_grammar, plan_texts
from hybridctl.vla.statistics import EMBEDDED_STATISTICS
from hybridctl.vla.vocabulary import encode, integer_ids

Images = list[tuple[np.ndarray, ImageLabel]]
ACTIONS = ActionTokenizer(EMBEDDED_STATISTICS.action_spec())
SPEC = ACTIONS.spec


def test_an_action_answer_decodes_to_what_the_expert_does(
    images: Images, maker: QuestionMaker, tokenizer: PreTrainedTokenizerFast
) -> None:
    integers = integer_ids(tokenizer)
    for _, label in images:
        for i, thing in enumerate(label.things):
            skill = Skill.PLACE_IN if thing.phrase == "bowl" else Skill.PICK
            question = maker.act(label, skill, i)
            assert question.answer[-1] == tokenizer.eos_token_id
            tokens = [integers.index(token) for token in question.answer[-9:-1]]
            wanted = expert_action(
                skill, np.array(label.state), np.array(thing.position), yaw=thing.yaw, top=thing.top
            )
            error = np.abs(ACTIONS.decode(tokens) - np.clip(wanted, SPEC.low, SPEC.high))
            assert np.all(error <= SPEC.bin_width / 2 + 1e-9)


def test_a_location_answer_decodes_to_the_true_pixel(
    images: Images, maker: QuestionMaker, tokenizer: PreTrainedTokenizerFast
) -> None:
    integers = integer_ids(tokenizer)
    for _, label in images:
        for i, thing in enumerate(label.things):
            if all(0 <= value < 128 for value in thing.pixel):
                u, v = (integers.index(token) for token in maker.locate(label, i).answer[:2])
                assert abs((u + 0.5) / 2 - thing.pixel[0]) <= 0.25 + 1e-9
                assert abs((v + 0.5) / 2 - thing.pixel[1]) <= 0.25 + 1e-9


def test_a_plan_answer_spells_the_plan(
    images: Images, maker: QuestionMaker, tokenizer: PreTrainedTokenizerFast
) -> None:
    _, label = images[0]
    phrase = label.things[0].phrase
    absent = next(p for p in prompts.object_phrases() if p not in {t.phrase for t in label.things})
    eos = tokenizer.eos_token_id
    cases = [
        (phrase, True, f"pick {phrase} ; place_in bowl"),
        (phrase, False, f"pick {phrase}"),
        (absent, True, "none"),
    ]
    for asked, put, text in cases:
        question = maker.plan(label, f"put the {asked} in the bowl", asked, put=put)
        assert question.answer == [*encode(tokenizer, text), eos]
        assert text in plan_texts()


def test_prompts_are_those_that_the_policy_asks(
    images: Images, maker: QuestionMaker, tokenizer: PreTrainedTokenizerFast
) -> None:
    s = EMBEDDED_STATISTICS
    for _, label in images:
        phrase = label.things[0].phrase
        state = to_bins(label.state, low=s.state_low, high=s.state_high, bins=s.bins).tolist()
        asked = prompts.act_prompt(Subgoal(Skill.PICK, phrase), state)
        assert maker.act(label, Skill.PICK, 0).prompt == encode(tokenizer, asked)
        assert maker.locate(label, 0).prompt == encode(tokenizer, prompts.locate_prompt(phrase))
        plan = maker.plan(label, f"pick the {phrase}", phrase, put=False)
        assert plan.prompt == encode(tokenizer, prompts.plan_prompt(f"pick the {phrase}"))


def test_every_answer_is_one_that_the_decoding_grammar_admits(
    images: Images, maker: QuestionMaker, tokenizer: PreTrainedTokenizerFast
) -> None:
    integers, eos = integer_ids(tokenizer), tokenizer.eos_token_id
    separator = [i for text in ACTION_SEPARATOR for i in encode(tokenizer, text)]
    grammars = {
        "locate": locate_grammar(integers),
        "act": act_grammar(integers, separator),
        "plan": closed_grammar([[*encode(tokenizer, text), eos] for text in plan_texts()]),
    }
    rng = np.random.default_rng(0)
    kinds = set()
    for _, label in images:
        for question in maker.sample(rng, label, locate=3, act=2, plan=2):
            grammar = grammars[question.kind]
            said = question.answer if question.kind == "plan" else question.answer[:-1]
            state = grammar.walk(said)
            assert state is not None
            assert grammar.done[state]
            kinds.add(question.kind)
    assert kinds == set(grammars)


def test_free_tokens_are_learned_and_forced_ones_are_not(
    images: Images, maker: QuestionMaker, tokenizer: PreTrainedTokenizerFast
) -> None:
    integers = integer_ids(tokenizer)
    rng = np.random.default_rng(1)
    for _, label in images:
        for q in maker.sample(rng, label, locate=2, act=2, plan=1):
            for token, bin_, learn in zip(q.answer, q.bins, q.learn, strict=True):
                assert (bin_ >= 0) == (token in integers)
                assert bin_ < 0 or integers[bin_] == token
                assert learn == (bin_ >= 0 or q.kind == "plan")


def test_only_what_is_seen_is_asked_for_and_its_patch_is_named(images: Images, maker: QuestionMaker) -> None:
    rng = np.random.default_rng(2)
    asked = 0
    for _, label in images:
        for q in maker.sample(rng, label, locate=9, act=0, plan=0):
            thing = label.things[q.thing]
            assert thing.visible
            row, column = divmod(q.patch, 8)
            assert (column, row) == (int(thing.pixel[0] // 16), int(thing.pixel[1] // 16))
            asked += 1
    assert asked > 50


def test_the_actions_that_are_asked_for_make_sense_in_their_image(
    images: Images, maker: QuestionMaker, tokenizer: PreTrainedTokenizerFast
) -> None:
    rng = np.random.default_rng(3)
    pick = tokenizer.convert_tokens_to_ids("pick")
    for _, label in images:
        for q in maker.sample(rng, label, locate=0, act=4, plan=0):
            carrying = label.mode == "carry"
            assert (label.things[q.thing].phrase == "bowl") == carrying
            assert (pick in q.prompt) == (not carrying)


def test_the_seed_of_the_sampler_makes_the_questions(images: Images, maker: QuestionMaker) -> None:
    _, label = images[0]
    counts = {"locate": 2, "act": 2, "plan": 2}
    one = maker.sample(np.random.default_rng(5), label, **counts)
    assert one == maker.sample(np.random.default_rng(5), label, **counts)
    others = [maker.sample(np.random.default_rng(seed), label, **counts) for seed in range(4)]
    assert any(other != one for other in others)
