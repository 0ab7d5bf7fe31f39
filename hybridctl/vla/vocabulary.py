"""The embedded model's own tokenizer: whole words, and one token for each integer from 0 to 255."""

from __future__ import annotations

from tokenizers import Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import WordLevel
from transformers import PreTrainedTokenizerFast

from hybridctl.messages.plan import Subgoal
from hybridctl.vla import prompts

INTEGERS = 256
SPECIAL = ("<pad>", "<unk>", "<eos>", "<image>")


def build_tokenizer() -> PreTrainedTokenizerFast:
    """Build it from the prompts themselves, so that no word that they use is unknown."""
    texts = [
        prompts.plan_prompt(""),
        prompts.locate_prompt(""),
        "Action: ;  none, ' . ",
        *prompts.PUT_INSTRUCTIONS,
        *prompts.PICK_INSTRUCTIONS,
        *prompts.object_phrases(),
        *prompts.CONTAINER_WORDS,
        *(skill.value for skill in prompts.SKILLS),
        *(prompts.act_prompt(Subgoal(skill, "bowl"), []) for skill in prompts.SKILLS),
    ]
    vocabulary: dict[str, int] = {}
    for token in (*SPECIAL, *map(str, range(INTEGERS))):
        vocabulary[token] = len(vocabulary)
    splitter = _pre_tokenizer()
    for text in texts:
        for word, _ in splitter.pre_tokenize_str(text.lower().replace("{o}", " ")):
            vocabulary.setdefault(word, len(vocabulary))
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = splitter
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", unk_token="<unk>", eos_token="<eos>"
    )


def integer_ids(tokenizer: PreTrainedTokenizerFast) -> list[int]:
    """Return the token id of each integer 0 … 255 (they need not be consecutive)."""
    return [int(tokenizer.convert_tokens_to_ids(str(value))) for value in range(INTEGERS)]


def encode(tokenizer: PreTrainedTokenizerFast, text: str) -> list[int]:
    """Return token ids of a text without special tokens."""
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def _pre_tokenizer() -> pre_tokenizers.PreTokenizer:
    """Split at spaces and before `:`, `?`, `;`, `.` and `,`; underscores stay inside words."""
    from tokenizers import Regex

    return pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Split(Regex(r"[:?;.,']"), behavior="isolated")]
    )
