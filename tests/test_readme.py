"""What the README shows works."""

import re
from pathlib import Path

from hybridctl.cli import _parser
from hybridctl.runtime import Runtime

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_the_tree_of_the_readme_runs(simulator, expert, make_context):
    from hybridctl.sim.tasks import PutInBowl

    task = PutInBowl(900_002, instruction="put the red block in the bowl")
    simulator.reset(task.scene)
    names = {}
    exec(blocks("python")[0], names)
    context = make_context(expert)
    tree = names["my_tree"](context, task.instruction)
    arm, clock = simulator.arm, simulator.clock
    outcome = Runtime(tree=tree, controller=context.controller, arm=arm, clock=clock).run(time_limit=30.0)
    assert outcome.status == "SUCCESS"
    assert task.score(simulator.world).success


def test_every_command_of_the_readme_parses():
    lines = [line for block in blocks("bash") for line in block.splitlines()]
    calls = [
        re.sub(r"\s+#.*", "", line.split("hybridctl ", 1)[1]) for line in lines if "bin/hybridctl " in line
    ]
    assert len(calls) >= 6
    for call in calls:
        words = re.findall(r'"[^"]*"|\S+', call)
        if "--help" not in words:
            _parser().parse_args([word.strip('"') for word in words])


def test_every_link_and_picture_is_there():
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_no_figure_is_left_open():
    assert "@@" not in README
