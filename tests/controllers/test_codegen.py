"""Compiled and uncompiled functions give the same numbers; without a compiler a warning says so once."""

import warnings
from pathlib import Path

import casadi as ca
import numpy as np
import pytest

from controllers import ControllerError, codegen
from controllers.codegen import BufferedFunction, compiled


def example() -> ca.Function:
    x = ca.SX.sym("x", 3)
    return ca.Function("example", [x], [ca.sin(x) * 2, ca.densify(ca.jacobian(x[0] * x, x))])


def call(function: ca.Function) -> list[np.ndarray]:
    buffered = BufferedFunction(function)
    buffered.inputs[0][:] = (0.1, 0.2, 0.3)
    buffered.evaluate()
    return buffered.outputs


def test_machine_code_agrees_with_the_vm_and_is_cached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYBRIDCTL_CACHE", str(tmp_path))
    first = call(compiled(example()))
    files = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    second = call(compiled(example()))
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == files
    assert len(files) == 1
    for a, b, c in zip(first, second, call(example()), strict=True):
        np.testing.assert_allclose(a, c, atol=1e-15)
        np.testing.assert_array_equal(a, b)


def test_without_compiler_the_vm_runs_and_says_so_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYBRIDCTL_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(codegen, "_warned", False)
    with pytest.warns(RuntimeWarning, match="install gcc"):
        function = compiled(example())
    np.testing.assert_allclose(call(function)[0], 2 * np.sin((0.1, 0.2, 0.3)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compiled(example())


def test_broken_compiler_falls_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gcc = tmp_path / "gcc"
    gcc.write_text("#!/bin/sh\nexit 1\n")
    gcc.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("HYBRIDCTL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(codegen, "_warned", False)
    with pytest.warns(RuntimeWarning, match="compiling failed"):
        compiled(example())


def test_outputs_are_written_where_they_are_wanted() -> None:
    whole = np.full(20, 7.0)
    buffered = BufferedFunction(example(), outputs=[whole[2:5], whole[5:14]])
    buffered.inputs[0][:] = (0.1, 0.2, 0.3)
    buffered.evaluate()
    np.testing.assert_allclose(whole[2:5], 2 * np.sin((0.1, 0.2, 0.3)))
    np.testing.assert_array_equal(whole[[0, 1, 14, 19]], 7.0)


def test_outputs_of_the_wrong_size_and_sparse_ones_are_refused() -> None:
    with pytest.raises(ControllerError, match=r"outputs of example have sizes \[3, 4\], expected \[3, 9\]"):
        BufferedFunction(example(), outputs=[np.zeros(3), np.zeros(4)])
    x = ca.SX.sym("x", 2)
    with pytest.raises(ControllerError, match="output o0 of sparse is sparse, expected dense"):
        BufferedFunction(ca.Function("sparse", [x], [ca.diag(x)]))
