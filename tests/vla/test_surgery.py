"""The tokens taken for actions are the ones that a user's own text needs least."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerFast

from hybridctl.vla.surgery import SurgeryError, integer_tokens, least_used_tokens
from hybridctl.vla.vocabulary import encode, integer_ids

Build = Callable[..., PreTrainedTokenizerFast]
TEXT = ["bakori tumel sandor", "gravex lomzi pinba", "ritutu koko"]


@pytest.fixture(scope="module")
def bpe(language_tokenizer: Build) -> PreTrainedTokenizerFast:
    return language_tokenizer()


def test_integers_that_have_a_token_each_are_found(tokenizer: PreTrainedTokenizerFast) -> None:
    assert integer_tokens(tokenizer) == integer_ids(tokenizer)


def test_where_integers_are_split_into_digits_the_other_way_is_named(bpe: PreTrainedTokenizerFast) -> None:
    with pytest.raises(SurgeryError, match=r"not every integer .*least_used_tokens"):
        integer_tokens(bpe)


def test_what_the_corpus_uses_is_spared_and_so_is_every_character(
    bpe: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    corpus = tmp_path / "mine.txt"
    corpus.write_text("\n".join(TEXT))
    found = least_used_tokens(bpe, corpus)
    assert len(set(found)) == 256
    used = {i for line in TEXT for i in encode(bpe, line)}
    assert not used & set(found)
    tokens = bpe.convert_ids_to_tokens(found)
    assert all(len(token) > 1 for token in tokens)
    assert not set(bpe.all_special_ids) & set(found)
    assert bpe.decode(encode(bpe, "Größe 7 µm?")) == "Größe 7 µm?"


def test_the_most_seldom_comes_first_and_ties_go_to_the_higher_id(
    bpe: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    corpus = tmp_path / "every.txt"
    words = [bpe.decode([i]) for i in range(300, 900)]
    corpus.write_text("\n".join(words))
    found = least_used_tokens(bpe, corpus)
    counts = [sum(encode(bpe, word).count(i) for word in words) for i in found]
    assert counts == sorted(counts)
    assert all(b < a for a, b, m, n in zip(found, found[1:], counts, counts[1:], strict=False) if m == n)


def test_what_must_stay_sayable_is_kept(bpe: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    corpus = tmp_path / "mine.txt"
    corpus.write_text("bakori")
    free = least_used_tokens(bpe, corpus)
    word = bpe.decode([free[0]]).strip()
    kept = least_used_tokens(bpe, corpus, keep=[word])
    assert not {*encode(bpe, word), *encode(bpe, f" {word}")} & set(kept)


def test_the_strings_of_a_jsonl_are_counted_however_deep(
    bpe: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    plain, nested = tmp_path / "a.txt", tmp_path / "a.jsonl"
    plain.write_text("\n".join(TEXT))
    rows = [{"messages": [{"text": TEXT[0]}, {"n": 3, "text": TEXT[1]}]}, [TEXT[2]]]
    nested.write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    assert least_used_tokens(bpe, nested) == least_used_tokens(bpe, plain)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [("a.txt", "", "holds no text"), ("a.jsonl", '{"a": 1}', "holds no text"), ("a.jsonl", "\n{", "line 2")],
)
def test_a_corpus_without_text_is_refused(
    bpe: PreTrainedTokenizerFast, tmp_path: Path, name: str, text: str, message: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(SurgeryError, match=message):
        least_used_tokens(bpe, tmp_path / name)


def test_a_small_vocabulary_has_none_to_spare(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("red block")
    with pytest.raises(SurgeryError, match=r"\d+ tokens to spare, 256 are needed"):
        least_used_tokens(tokenizer, tmp_path / "a.txt", keep=map(str, range(256)))
