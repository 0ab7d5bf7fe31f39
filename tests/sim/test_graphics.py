"""Which OpenGL is chosen: a user's choice is kept, and nothing is asked for that is missing."""

import ctypes
import os

import pytest

from hybridctl.sim.graphics import choose_backend


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("MUJOCO_GL", "")  # so that what is chosen here is undone afterwards
    monkeypatch.delenv("MUJOCO_GL")
    monkeypatch.delenv("DISPLAY", raising=False)
    return monkeypatch


def only(*present: str) -> object:
    def load(name: str) -> object:
        if name not in present:
            raise OSError(name)
        return object()

    return load


@pytest.mark.parametrize(
    ("libraries", "backend"),
    [
        (("libEGL.so.1", "libOSMesa.so.8"), "egl"),
        (("libOSMesa.so.8",), "osmesa"),
        (("libOSMesa.so.6",), "osmesa"),
        ((), "disable"),
    ],
)
def test_the_best_library_that_is_there_is_chosen(
    bare: pytest.MonkeyPatch, libraries: tuple[str, ...], backend: str
) -> None:
    bare.setattr(ctypes, "CDLL", only(*libraries))
    choose_backend()
    assert os.environ["MUJOCO_GL"] == backend


@pytest.mark.parametrize(("name", "value"), [("MUJOCO_GL", "glfw"), ("DISPLAY", ":0")])
def test_a_display_or_a_choice_is_left_alone(bare: pytest.MonkeyPatch, name: str, value: str) -> None:
    bare.setenv(name, value)
    choose_backend()
    assert os.environ.get("MUJOCO_GL") == (value if name == "MUJOCO_GL" else None)
