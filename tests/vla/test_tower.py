"""The vision tower's tokens lie in raster order and know where they are."""

import torch

from hybridctl.vla.tower import ConvTower, ConvTowerConfig


def tower() -> ConvTower:
    torch.manual_seed(0)
    return ConvTower(ConvTowerConfig(channels=(8, 8, 16, 24))).eval()


def test_tokens_are_the_late_features_in_raster_order() -> None:
    net, image = tower(), torch.randn(2, 3, 128, 128)
    with torch.inference_mode():
        early = net.stride8(image)
        late = net.late(early)
        tokens = net(image).last_hidden_state
    assert early.shape == (2, 16, 16, 16)
    assert tokens.shape == (2, 64, 24)
    for row, column in ((0, 5), (3, 0), (7, 7)):
        torch.testing.assert_close(tokens[:, 8 * row + column], late[:, :, row, column])


def test_a_patch_of_a_blank_image_knows_where_it_is() -> None:
    with torch.inference_mode():
        tokens = tower()(torch.zeros(1, 3, 128, 128)).last_hidden_state[0]
    left, right, lower = tokens[8 * 3 + 2], tokens[8 * 3 + 5], tokens[8 * 5 + 2]
    assert (left - right).abs().max() > 1e-3
    assert (left - lower).abs().max() > 1e-3
