"""Which tokens are actions is kept with the vocabulary that they belong to, or the folder is refused."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from hybridctl.vla.errors import CheckpointError, LanguageError, TokenizerError
from hybridctl.vla.language import FILE_NAME, Language, fingerprint
from hybridctl.vla.policy import load_policy

Saved = Callable[..., Path]


@pytest.fixture
def folder(saved: Saved, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved("llava"), tmp_path / "copy"))


def change(folder: Path, **values: object) -> None:
    path = folder / FILE_NAME
    data = json.loads(path.read_text()) | values
    path.write_text(json.dumps({k: v for k, v in data.items() if v != "drop"}))


def test_it_is_saved_and_loaded_again(folder: Path, tmp_path: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    language = Language.load(folder, tokenizer)
    assert language is not None
    language.save(tmp_path)
    assert Language.load(tmp_path, tokenizer) == language


def test_without_the_file_there_is_none(tmp_path: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    assert Language.load(tmp_path, tokenizer) is None


@pytest.mark.parametrize("name", sorted(Language.model_fields))
def test_no_value_has_a_default(folder: Path, name: str) -> None:
    change(folder, **{name: "drop"})
    with pytest.raises(LanguageError, match=name):
        load_policy(folder)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"action_ids": [5] * 256}, "two bins have the same token"),
        ({"action_ids": list(range(255))}, "action_ids"),
        ({"pictures": []}, "pictures"),
        ({"skills": ["fly"]}, "skills"),
        ({"phrases": {"a thing": ["cup by the sink"]}}, "'cup by the sink' cannot stand in a plan"),
        ({"skills": ["push"], "phrases": {}}, "no skill can be planned"),
        ({"tokens": 3}, "tokens"),
        ({"action_ids": list(range(4000, 4256))}, "the tokenizer has no token"),
    ],
)
def test_a_wrong_value_is_refused_with_its_name(
    folder: Path, values: dict[str, object], message: str
) -> None:
    change(folder, **values)
    with pytest.raises(LanguageError, match=message):
        load_policy(folder)


def test_garbled_text_is_refused(folder: Path) -> None:
    (folder / FILE_NAME).write_bytes(b"\xff{")
    with pytest.raises(LanguageError, match=FILE_NAME):
        load_policy(folder)


def test_a_tokenizer_of_the_same_size_but_with_other_words_is_refused(folder: Path) -> None:
    path = folder / "tokenizer.json"
    data = json.loads(path.read_text())
    vocabulary = data["model"]["vocab"]
    first, second = (token for token, number in vocabulary.items() if number in (40, 41))
    vocabulary[first], vocabulary[second] = vocabulary[second], vocabulary[first]
    path.write_text(json.dumps(data))
    with pytest.raises(TokenizerError, match=r"another vocabulary .* action ids would mean other tokens"):
        load_policy(folder)


def test_without_it_a_model_whose_integers_are_no_tokens_says_what_to_do(folder: Path) -> None:
    (folder / FILE_NAME).unlink()
    with pytest.raises(CheckpointError, match=r"has no language\.json, and not every integer .* least used"):
        load_policy(folder)


def test_a_fingerprint_is_of_tokens_and_ids(
    tokenizer: PreTrainedTokenizerFast, language_tokenizer: Callable[..., PreTrainedTokenizerFast]
) -> None:
    assert fingerprint(tokenizer) == fingerprint(tokenizer)
    assert fingerprint(tokenizer) != fingerprint(language_tokenizer())
