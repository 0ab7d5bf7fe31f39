"""Importing controllers stays light."""

import subprocess
import sys


def test_importing_controllers_loads_neither_torch_nor_mujoco() -> None:
    code = (
        "import sys, controllers; print([m for m in ('torch', 'mujoco', 'transformers') if m in sys.modules])"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "[]"
