"""No module but scoring, training data and benches may read what only a simulator can know."""

import ast
from pathlib import Path

import mujoco
import pytest

from hybridctl.sim.world import SimWorld

ROOT = Path(__file__).parents[1]
TRUTHFUL = ("hybridctl/sim/tasks", "hybridctl/sim/truth.py", "hybridctl/data", "hybridctl/bench")
"""May read truth."""
PHYSICS = {
    "hybridctl/sim/world.py", "hybridctl/sim/world_model.py", "hybridctl/sim/scene_writer.py",
    "hybridctl/sim/cameras.py", "hybridctl/sim/ray_renderer.py", "hybridctl/sim/texture_sampler.py",
    "hybridctl/arms/simulated.py",
}  # fmt: skip
"""Make the world, its pictures and its joint sensors; may touch MuJoCo, but never look an object up."""
TRUTH = {
    "xpos", "xquat", "xmat", "xipos", "geom_xpos", "geom_xmat", "cvel", "contact", "objects", "fixtures",
    "bowl_xy",
}  # fmt: skip
SCENE = {
    "hybridctl/sim/scene.py",
    "hybridctl/sim/regions.py",
    "hybridctl/sim/layout.py",
    "hybridctl/sim/workshop.py",
}
"""Describe what a scene holds before it is written into a world; they never see one."""
SENSORS = {"hybridctl/sim/joint_log.py", "hybridctl/sim/wrist_sensor.py"}
"""Sensors of the arm: they hold the simulator's state to read their own samples out of it, nothing else."""
SIMULATOR = {"MjData", "mj_step", "mj_forward", "qpos", "qvel"}

SOURCES = sorted(
    path
    for package in ("hybridctl", "behaviors", "controllers", "world_state")
    for path in (ROOT / package).rglob("*.py")
)


def attributes(path):
    tree = ast.parse(path.read_text())
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def imports(path):
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def ordinary(path):
    name = path.relative_to(ROOT).as_posix()
    return not name.startswith(TRUTHFUL) and name not in PHYSICS


@pytest.mark.parametrize("path", [p for p in SOURCES if ordinary(p)], ids=lambda p: str(p.relative_to(ROOT)))
def test_ordinary_modules_do_not_read_truth(path):
    name = path.relative_to(ROOT).as_posix()
    assert "hybridctl.sim.truth" not in imports(path)
    allowed = {"objects", "fixtures", "bowl_xy"} if name in SCENE else set()
    allowed |= {"MjData"} if name in SENSORS else set()
    assert not attributes(path) & (TRUTH | SIMULATOR) - allowed, f"{name} reads simulator truth"


def test_the_arm_driver_reads_its_own_joints_only():
    """It may index qpos and qvel, but only by the arm's joints and fingers."""
    tree = ast.parse((ROOT / "hybridctl/arms/simulated.py").read_text())
    indices = {
        ast.unparse(node.slice)
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith(("qpos", "qvel"))
    }
    assert indices == {"world.arm_joints", "world.arm_dofs", "world.fingers"}
    assert not attributes(ROOT / "hybridctl/arms/simulated.py") & TRUTH


@pytest.mark.parametrize("name", sorted(SENSORS))
def test_the_arms_sensors_read_their_own_samples_only(name):
    """Of the simulator's state they take time and sensor values; they look up parts of the arm only."""
    tree = ast.parse((ROOT / name).read_text())
    states = ("self._data", "data", "world.data")
    read = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in states
    }
    assert read <= {"time", "history", "sensordata"}
    looked_up = [
        ast.unparse(node.args[0])
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("body", "geom", "joint", "site", "sensor")
    ]
    assert looked_up
    others = [part for part in looked_up if not part.startswith(("f'{prefix}", 'f"{prefix}', "name"))]
    assert not others


def test_the_cameras_look_up_no_object():
    """They may read their own pose (calibration), by camera name, and nothing else's."""
    files = [ROOT / "hybridctl/sim" / name for name in ("cameras.py", "ray_renderer.py")]
    poses = {
        ast.unparse(node.value)
        for path in files
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in ("xpos", "xmat", "xquat", "cvel")
    }
    assert poses == {"data.camera(camera)", "self._world.data.camera(camera)", "camera"}
    assert all("objects" not in attributes(path) for path in files)


def test_the_scan_would_find_a_leak(tmp_path):
    leak = tmp_path / "leaf.py"
    leak.write_text("def cheat(world):\n    return world.data.body('object0').xpos\n")
    assert attributes(leak) & TRUTH


PACKAGES = ("hybridctl", "behaviors", "controllers", "world_state")
ROOMS = (
    "behaviors",
    "world_state",
    "controllers",
    "hybridctl/vla",
    "hybridctl/runtime.py",
    "hybridctl/record",
)


@pytest.mark.parametrize(
    "path",
    [p for p in SOURCES if p.relative_to(ROOT).as_posix().startswith(ROOMS)],
    ids=lambda p: str(p.relative_to(ROOT)),
)
def test_the_rooms_do_not_reach_into_a_world(path):
    assert not attributes(path) & {"scene", "world", "_world"}


def test_what_a_tree_is_handed_leads_to_no_world(simulator, task, expert, make_context):
    """Follow public attributes from the context's clock, camera and memory: no simulator on the way."""
    context = make_context(expert)
    seen, queue = set(), [context.clock, context.camera, context.memory, context.controller]
    while queue:
        thing = queue.pop()
        assert not isinstance(thing, (SimWorld, mujoco.MjModel, mujoco.MjData)), thing
        if id(thing) in seen or not type(thing).__module__.startswith(PACKAGES):
            continue
        seen.add(id(thing))
        for name in dir(thing):
            if not name.startswith("_"):
                queue.append(getattr(thing, name, None))
    assert len(seen) >= 4
