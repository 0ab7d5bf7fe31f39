"""Labelled images of a few seeds, made once."""

from collections.abc import Iterator

import numpy as np
import pytest

from hybridctl.data.rendered import ImageLabel, SceneRenderer

SEEDS = range(40)


@pytest.fixture(scope="session")
def renderer() -> Iterator[SceneRenderer]:
    made = SceneRenderer()
    yield made
    made.close()


@pytest.fixture(scope="session")
def rendered(renderer: SceneRenderer) -> list[tuple[np.ndarray, ImageLabel]]:
    return [renderer.render(seed, renderer="ray") for seed in SEEDS]
