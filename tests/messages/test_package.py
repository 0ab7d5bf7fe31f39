"""Messages are light: a driver process imports them without a physics engine or a network."""

import subprocess
import sys

HEAVY = ("torch", "mujoco", "casadi", "pinocchio", "transformers", "scipy", "pydantic", "py_trees")


def test_importing_messages_loads_nothing_heavy() -> None:
    code = (
        "import sys, pkgutil, importlib, hybridctl.messages as m\n"
        "names = [i.name for i in pkgutil.iter_modules(m.__path__)]\n"
        "[importlib.import_module(f'hybridctl.messages.{n}') for n in names]\n"
        f"print(len(names), *sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    count, *loaded = done.stdout.split()
    assert int(count) >= 8
    assert loaded == []
