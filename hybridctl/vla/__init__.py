"""The vision-language-action model: tokens, prompts, grammars, decoding and the policies built on them."""
