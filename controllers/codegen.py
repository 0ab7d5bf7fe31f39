"""Compiles a CasADi function to machine code once and keeps it; without a compiler CasADi's VM runs it."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import warnings
from pathlib import Path
from typing import Any

import casadi as ca
import numpy as np

from controllers.errors import ControllerError
from hybridctl.messages.arrays import FloatArray

FLAGS = ("-O3", "-fno-math-errno", "-fPIC", "-shared")
_warned = False


def cache_folder() -> Path:
    """Return $HYBRIDCTL_CACHE or ~/.cache/hybridctl."""
    return Path(os.environ.get("HYBRIDCTL_CACHE") or Path.home() / ".cache" / "hybridctl")


def compiled(function: Any) -> Any:
    """Return `function` as machine code, or unchanged (said once) where there is no working gcc.

    The shared object is named by a hash of the C source and flags, and is put in place atomically, so
    processes that start together do not disturb each other.
    """
    compiler = shutil.which("gcc")
    if compiler is None:
        return _uncompiled(function, "no gcc was found")
    try:
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            source = _source(function, Path(scratch))
            key = hashlib.sha256("\n".join((source, *FLAGS)).encode()).hexdigest()[:24]
            library = folder / f"{function.name()}-{key}.so"
            if not library.is_file():
                made = Path(scratch) / "made.so"
                command = [compiler, *FLAGS, "-o", str(made), str(Path(scratch) / "made.c"), "-lm"]
                subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
                os.replace(made, library)
        return ca.external(function.name(), str(library))
    except (OSError, subprocess.SubprocessError, RuntimeError) as error:
        detail = getattr(error, "stderr", None) or error
        return _uncompiled(function, f"compiling failed: {str(detail).strip()[:300]}")


def _source(function: Any, folder: Path) -> str:
    """Generate C into `folder`/made.c and return it."""
    generator = ca.CodeGenerator("made.c", {"with_header": False})
    generator.add(function)
    generator.generate(f"{folder}{os.sep}")
    return (folder / "made.c").read_text(encoding="utf-8")


def _uncompiled(function: Any, reason: str) -> Any:
    global _warned
    if not _warned:
        _warned = True
        warnings.warn(
            f"{reason}: the controller's kinematics run in CasADi's VM, 0.1-0.3 ms slower a tick; "
            "install gcc to compile them",
            RuntimeWarning,
            stacklevel=3,
        )
    return function


class BufferedFunction:
    """A CasADi function called on fixed arrays: a plain call with numpy costs 50-125 µs, this under 1 µs.

    Attributes:
        inputs: One array an input, to be written before `evaluate`, in column-major order, flat.
        outputs: One array an output, overwritten by `evaluate`, in column-major order, flat; made here, or
            given: flat, contiguous parts of larger arrays too.
    """

    def __init__(self, function: Any, *, outputs: list[FloatArray] | None = None) -> None:
        self.inputs: list[FloatArray] = [np.zeros(function.nnz_in(i)) for i in range(function.n_in())]
        sizes = [int(function.nnz_out(i)) for i in range(function.n_out())]
        self.outputs: list[FloatArray] = [np.zeros(size) for size in sizes] if outputs is None else outputs
        if [array.size for array in self.outputs] != sizes:
            have = [array.size for array in self.outputs]
            raise ControllerError(f"outputs of {function.name()} have sizes {have}, expected {sizes}")
        for i in range(function.n_out()):
            if not function.sparsity_out(i).is_dense():
                raise ControllerError(
                    f"output {function.name_out(i)} of {function.name()} is sparse, expected dense"
                )
        self._buffer, self.evaluate = function.buffer()
        for i, array in enumerate(self.inputs):
            self._buffer.set_arg(i, array.data)
        for i, array in enumerate(self.outputs):
            self._buffer.set_res(i, array.data)
