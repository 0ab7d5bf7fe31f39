"""A prefix holds the image's features where the image token stands."""

from typing import Any

import pytest
import torch

from hybridctl.vla.image_prefix import embed_prefix


@torch.inference_mode()
def test_features_stand_where_the_image_token_does_and_words_elsewhere(architecture: Any) -> None:
    model, vision = architecture.model, architecture.see(1, 2)
    found = embed_prefix(model, architecture.prefix, vision)
    ids = torch.tensor(architecture.prefix)
    image = ids == model.config.image_token_id
    features = torch.cat(
        [f.reshape(-1, f.shape[-1]) for f in model.get_image_features(**vision).pooler_output]
    )
    torch.testing.assert_close(found[:, image].reshape(features.shape), features)
    words = model.get_input_embeddings()(ids[~image])
    torch.testing.assert_close(found[:, ~image], words.expand(2, -1, -1))


@torch.inference_mode()
def test_image_tokens_and_features_must_be_equally_many(architecture: Any) -> None:
    with pytest.raises(ValueError, match=r"has 5 image tokens, the images have 4 features"):
        embed_prefix(
            architecture.model,
            [*architecture.prefix, architecture.model.config.image_token_id],
            architecture.see(1, 1),
        )
