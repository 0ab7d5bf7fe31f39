"""The tokenizer knows every integer and every word that is ever said to the model."""

from pathlib import Path

import pytest
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from hybridctl.messages.plan import Skill, Subgoal
from hybridctl.vla import prompts
from hybridctl.vla.grammar import ACTION_SEPARATOR, plan_texts
from hybridctl.vla.vocabulary import INTEGERS, encode, integer_ids

SUBGOALS = [
    *(Subgoal(Skill.PICK, phrase) for phrase in prompts.object_phrases()),
    Subgoal(Skill.PLACE_IN, "bowl"),
]


def said() -> list[str]:
    """Everything that is ever said to the model or answered by it."""
    phrases = prompts.object_phrases()
    templates = (*prompts.PUT_INSTRUCTIONS, *prompts.PICK_INSTRUCTIONS)
    texts = [prompts.plan_prompt(t.format(o=phrase)) for t in templates for phrase in phrases]
    texts += [prompts.locate_prompt(phrase) for phrase in (*phrases, *prompts.CONTAINER_WORDS)]
    texts += [prompts.act_prompt(subgoal, [0, 128, 255]) for subgoal in SUBGOALS]
    return [*texts, *plan_texts(), *ACTION_SEPARATOR]


def test_each_integer_is_one_token_of_its_own(tokenizer: PreTrainedTokenizerFast) -> None:
    ids = integer_ids(tokenizer)
    assert len(set(ids)) == len(ids) == INTEGERS == 256
    assert tokenizer.unk_token_id not in ids
    for value, token in enumerate(ids):
        assert encode(tokenizer, str(value)) == [token]
        assert tokenizer.decode([token]) == str(value)


def test_no_word_of_any_prompt_instruction_or_plan_is_unknown(tokenizer: PreTrainedTokenizerFast) -> None:
    unknown = [text for text in said() if tokenizer.unk_token_id in encode(tokenizer, text)]
    assert unknown == []


def test_a_word_that_was_never_taught_is_unknown(tokenizer: PreTrainedTokenizerFast) -> None:
    assert tokenizer.unk_token_id in encode(tokenizer, "put the octopus in the bowl")


def test_case_and_punctuation_do_not_change_the_words(tokenizer: PreTrainedTokenizerFast) -> None:
    assert encode(tokenizer, "Put The RED block") == encode(tokenizer, "put the red block")
    assert encode(tokenizer, "red block?")[:2] == encode(tokenizer, "red block")


def test_special_tokens_are_not_words(tokenizer: PreTrainedTokenizerFast) -> None:
    specials = {tokenizer.convert_tokens_to_ids(t) for t in ("<pad>", "<unk>", "<eos>", "<image>")}
    assert len(specials) == 4
    assert not specials & set(integer_ids(tokenizer))
    assert not any(specials & set(encode(tokenizer, text)) for text in said())


def test_the_tokenizer_survives_saving_and_loading(
    tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    tokenizer.save_pretrained(tmp_path)
    loaded = AutoTokenizer.from_pretrained(tmp_path, local_files_only=True)
    assert len(loaded) == len(tokenizer)
    assert loaded.eos_token_id == tokenizer.eos_token_id
    assert loaded.pad_token_id == tokenizer.pad_token_id
    assert [encode(loaded, text) for text in said()] == [encode(tokenizer, text) for text in said()]


@pytest.mark.parametrize("text", ["Q: where is the red block? A:", "pick red block ; place_in bowl"])
def test_tokens_spell_the_text_again(tokenizer: PreTrainedTokenizerFast, text: str) -> None:
    words = tokenizer.convert_ids_to_tokens(encode(tokenizer, text))
    assert "".join(words) == text.lower().replace(" ", "")
