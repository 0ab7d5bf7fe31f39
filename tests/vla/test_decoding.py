"""Constrained decoding: whatever the weights say, only what the grammar admits can come out."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from transformers import LlavaForConditionalGeneration, PreTrainedTokenizerFast

from hybridctl.vla.decoding import Decoded, ImagePrefix, decode
from hybridctl.vla.grammar import Grammar, TrieGrammar, act_grammar, locate_grammar, plan_texts
from hybridctl.vla.vocabulary import encode, integer_ids

Build = Callable[[int], LlavaForConditionalGeneration]
QUESTIONS = {
    "plan": "Q: what is the plan to put the red block in the bowl? A: Plan:",
    "act": "Q: what action should the robot take to pick the red block? tool 1 2 3 4 5 6 7 A:",
    "locate": "Q: where is the red block? A:",
}


def picture(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (128, 128, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def grammars(tokenizer: PreTrainedTokenizerFast) -> dict[str, Grammar]:
    integers = integer_ids(tokenizer)
    eos = tokenizer.eos_token_id
    return {
        "plan": TrieGrammar([[*encode(tokenizer, text), eos] for text in plan_texts()]),
        "act": act_grammar(integers, encode(tokenizer, "Action:")),
        "locate": locate_grammar(integers),
    }


def full_forward(model: LlavaForConditionalGeneration, rgb: np.ndarray, text: list[int]) -> torch.Tensor:
    """Return the logits after image and text by transformers' own forward: no cache, nothing of ours."""
    image = [model.config.image_token_id] * model.config.image_seq_length
    pixels = torch.from_numpy(rgb.astype(np.float32)).permute(2, 0, 1)[None] / 127.5 - 1
    with torch.inference_mode():
        return model(input_ids=torch.tensor([image + text]), pixel_values=pixels, use_cache=False).logits[
            0, -1
        ]


def free_decode(model: LlavaForConditionalGeneration, rgb: np.ndarray, prompt: list[int]) -> list[int]:
    """Greedy decoding without a grammar, as long as an action."""
    ids: list[int] = []
    for _ in range(11):
        ids.append(int(full_forward(model, rgb, [*prompt, *ids]).argmax()))
    return ids


def accepted(grammar: Grammar, ids: list[int]) -> bool:
    return all(token in grammar.allowed(ids[:i]) for i, token in enumerate(ids))


def reference_decode(
    model: LlavaForConditionalGeneration, rgb: np.ndarray, prompt: list[int], grammar: Grammar
) -> Decoded:
    """Greedy decoding that runs the whole model anew for every token."""
    answer = Decoded()
    while allowed := grammar.allowed(answer.ids):
        logits = full_forward(model, rgb, [*prompt, *answer.ids])[list(allowed)]
        p = torch.softmax(logits.double(), dim=0).numpy()
        if len(allowed) > 1:
            answer.choices.append((len(answer.ids), tuple(allowed), p))
        answer.ids.append(allowed[int(p.argmax())])
    return answer


@pytest.mark.parametrize("kind", QUESTIONS)
@pytest.mark.parametrize("seed", range(4))
def test_what_the_model_would_say_is_outside_the_grammar_and_what_is_decoded_is_not(
    tiny_model: Build, tokenizer: PreTrainedTokenizerFast, grammars: dict[str, Grammar], kind: str, seed: int
) -> None:
    model, rgb = tiny_model(seed), picture(seed)
    prompt, grammar = encode(tokenizer, QUESTIONS[kind]), grammars[kind]
    assert not accepted(grammar, free_decode(model, rgb, prompt))
    ids = decode(model, ImagePrefix(model, rgb), prompt, grammar).ids
    assert accepted(grammar, ids)
    assert grammar.allowed(ids) == ()


def test_a_head_that_shouts_a_forbidden_token_is_not_heard(
    tiny_model: Build, tokenizer: PreTrainedTokenizerFast, grammars: dict[str, Grammar]
) -> None:
    model, rgb = tiny_model(0), picture(0)
    forbidden = tokenizer.convert_tokens_to_ids("please")
    model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.detach().clone())
    last = {"locate": encode(tokenizer, QUESTIONS["locate"])}
    with torch.no_grad():
        hidden: list[torch.Tensor] = []
        hook = model.lm_head.register_forward_pre_hook(lambda _, args: hidden.append(args[0][0, -1]))
        full_forward(model, rgb, last["locate"])
        hook.remove()
        model.lm_head.weight[forbidden] = 100 * hidden[0]
    assert int(full_forward(model, rgb, last["locate"]).argmax()) == forbidden
    ids = decode(model, ImagePrefix(model, rgb), last["locate"], grammars["locate"]).ids
    assert len(ids) == 2
    assert set(ids) <= set(integer_ids(tokenizer))


@pytest.mark.parametrize("kind", QUESTIONS)
@pytest.mark.parametrize("seed", [0, 1])
def test_decoding_equals_the_whole_model_rerun_for_every_token(
    tiny_model: Build, tokenizer: PreTrainedTokenizerFast, grammars: dict[str, Grammar], kind: str, seed: int
) -> None:
    model, rgb = tiny_model(seed), picture(seed + 10)
    prompt = encode(tokenizer, QUESTIONS[kind])
    answer = decode(model, ImagePrefix(model, rgb), prompt, grammars[kind])
    expected = reference_decode(model, rgb, prompt, grammars[kind])
    assert answer.ids == expected.ids
    assert len(answer.choices) == len(expected.choices)
    for (at, allowed, p), (at_e, allowed_e, p_e) in zip(answer.choices, expected.choices, strict=True):
        assert (at, allowed) == (at_e, allowed_e)
        np.testing.assert_allclose(p, p_e, atol=1e-4)


def test_questions_behind_one_prefix_answer_as_if_asked_alone(
    tiny_model: Build, tokenizer: PreTrainedTokenizerFast, grammars: dict[str, Grammar]
) -> None:
    model, rgb = tiny_model(3), picture(3)
    shared = ImagePrefix(model, rgb)
    for kind in (*QUESTIONS, *QUESTIONS):
        prompt = encode(tokenizer, QUESTIONS[kind])
        together = decode(model, shared, prompt, grammars[kind])
        alone = decode(model, ImagePrefix(model, rgb), prompt, grammars[kind])
        assert together.ids == alone.ids
        for (_, _, p), (_, _, q) in zip(together.choices, alone.choices, strict=True):
            np.testing.assert_array_equal(p, q)


def test_a_fork_grows_without_its_prefix(tiny_model: Build) -> None:
    model = tiny_model(0)
    prefix = ImagePrefix(model, picture(0))
    fork = prefix.fork()
    assert fork.get_seq_length() == 64
    extra = torch.ones_like(fork.layers[0].keys[:, :, :1])
    fork.update(extra, extra, 0)
    assert fork.get_seq_length() == 65
    assert prefix.fork().get_seq_length() == 64


def test_the_answer_depends_on_the_picture(tiny_model: Build, tokenizer: PreTrainedTokenizerFast) -> None:
    model = tiny_model(0)
    prompt, grammar = encode(tokenizer, QUESTIONS["locate"]), locate_grammar(integer_ids(tokenizer))
    light = decode(model, ImagePrefix(model, np.full((128, 128, 3), 255, np.uint8)), prompt, grammar)
    noise = decode(model, ImagePrefix(model, picture(1)), prompt, grammar)
    assert np.abs(light.choices[0][2] - noise.choices[0][2]).max() > 1e-6


def test_log_probability_and_entropy_are_those_of_the_choices() -> None:
    halves, quarter = np.array([0.5, 0.5]), np.array([0.25, 0.75])
    answer = Decoded(ids=[4, 9, 6], choices=[(0, (4, 5), halves), (2, (6, 7), quarter)])
    assert answer.log_probability == pytest.approx(np.log(0.5) + np.log(0.25))
    second = -(0.25 * np.log(0.25) + 0.75 * np.log(0.75))
    assert answer.entropy == pytest.approx((np.log(2) + second) / 2)


def test_an_answer_without_a_choice_is_certain() -> None:
    answer = Decoded(ids=[4])
    assert (answer.log_probability, answer.entropy) == (0.0, 0.0)
