"""On a GPU, one-token passes replayed from a graph answer as the passes themselves do."""

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaModel

from hybridctl.vla.cuda_graph import GraphedTrunk
from hybridctl.vla.kv_cache import next_step
from hybridctl.vla.trunk import make_cache, make_trunk


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("fused", [True, False])
@torch.inference_mode()
def test_a_replayed_pass_gives_what_the_pass_gives(fused: bool) -> None:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=20, hidden_size=32, intermediate_size=64, num_hidden_layers=3, num_attention_heads=4,
        pad_token_id=0,
    )  # fmt: skip
    model = LlamaModel(config).eval().cuda()
    trunk = make_trunk(model, fused=fused)
    graphed = GraphedTrunk(trunk)
    x = torch.randn(2, 12, 32, device="cuda")
    answers = []
    for step_trunk in (trunk, graphed, graphed):  # the second time nothing is captured anew
        kept = make_cache(model, rows=2, capacity=16)
        kept.begin(2)
        trunk(x[:, :4], next_step(kept, np.array([4, 3])))
        steps = [
            step_trunk(x[:, i : i + 1], next_step(kept, np.array([1, 1]), fixed=True)).clone()
            for i in range(4, 12)
        ]
        answers.append(torch.stack(steps))
    torch.testing.assert_close(answers[0], answers[1], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(answers[0], answers[2], atol=1e-4, rtol=1e-4)
