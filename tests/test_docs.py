"""What docs/world_state.md shows works: Python, commands, links; and it quotes files as they are."""

import doctest
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hybridctl.cli import _parser, main
from hybridctl.messages.policy import LocateRequest
from hybridctl.sim.tasks.put_in_bowl import PutInBowl

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "world_state.md").read_text()
PHRASES = (
    "yellow block",
    "purple block",
    "yellow cylinder",
    "green cylinder",
    "red ball",
    "cyan ball",
    "bowl",
)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", TEXT, flags=re.DOTALL)


def python_blocks(*, quoted):
    """The blocks that quote a file (a class, a test), or those that are run here."""
    return [block for block in blocks("python") if bool(re.search(r"^(class|def) ", block, re.M)) == quoted]


def test_every_python_block_runs_and_prints_what_it_says(
    simulator, shipped, robot, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    simulator.reset(PutInBowl(900_002).scene)
    pictures = []
    for stamp in (1.0, 2.0):
        simulator.clock.sleep_until(stamp)
        state = simulator.arm.read()
        pictures.append(simulator.camera.capture(state, robot.forward_kinematics(state.q)))
    T_base_tool = pictures[-1].T_base_tool
    names = {
        "clock": simulator.clock, "arm": simulator.arm, "T_base_tool": T_base_tool, "pictures": pictures,
        "locate": lambda picture, phrase: shipped.locate(LocateRequest(picture, phrase)),
        "PHRASES": PHRASES, "seen": pictures[-1].stamp,
    }  # fmt: skip
    first, *sessions = python_blocks(quoted=False)
    exec(first, names)
    assert np.all(np.linalg.eigvalsh(names["slot"].covariance) > 0.0)
    for _ in range(5):  # the hand is felt at each tick
        simulator.clock.sleep_until(simulator.clock.now() + 0.05)
        names["memory"].feel(simulator.arm.read(), T_base_tool, commanded_width=0.08)
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    parser = doctest.DocTestParser()
    for number, session in enumerate(sessions):
        examples = parser.get_doctest(session, names, f"block {number}", "docs/world_state.md", 0)
        assert examples.examples, session
        runner.run(examples, clear_globs=False)
        names.update(examples.globs)  # a doctest runs in a copy
    names["store"].close()
    assert runner.summarize(verbose=False).failed == 0, capsys.readouterr().out


def test_the_memory_loads_no_network_no_simulator_and_no_tree():
    asked = "import sys, world_state; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    assert not {"torch", "mujoco", "py_trees", "casadi", "pinocchio"} & set(loaded.split())


def commands():
    lines = [line for block in blocks("bash") for line in block.splitlines()]
    return [shlex.split(line) for line in lines]


def test_every_command_parses():
    calls = [words[1:] for words in commands() if words[0] == "hybridctl"]
    assert len(calls) >= 7
    for call in calls:
        _parser().parse_args(call)


def test_the_memory_commands_run_one_after_the_other(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    shown = ""
    for program, *words in commands():
        if program == "python":
            example = [sys.executable, str(ROOT / words[0]), *words[1:]]
            subprocess.run(example, check=True, capture_output=True, timeout=250)
        elif words[0] == "memory":
            assert main(words) == 0
            shown += capsys.readouterr().out
    (tables,) = blocks("text")
    for line in tables.splitlines():  # the words of the tables, not their digits
        head = re.match(r"[┃│] *([a-z0-9 ()]+?) *[┃│]", line)
        assert head is None or head[1] in shown, line


@pytest.mark.parametrize("block", python_blocks(quoted=True), ids=lambda block: block.split("\n")[0][:30])
def test_what_is_quoted_stands_in_a_file(block):
    files = [ROOT / "examples" / "own_sensor.py", Path(__file__).with_name("test_examples.py")]
    assert any(block.strip() in file.read_text() for file in files)


def test_every_link_is_there():
    links = re.findall(r"\]\((?!http)([^)#\s]+\.\w+)\)", TEXT)
    assert len(links) > 15
    for target in links:
        assert (ROOT / "docs" / target).exists(), target


def test_every_file_of_the_table_is_there():
    for name in re.findall(r"`([a-z_/]+\.py)`", TEXT):
        assert (ROOT / "world_state" / name).exists() or (ROOT / name).exists(), name
