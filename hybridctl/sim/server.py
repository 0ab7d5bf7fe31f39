"""The simulator as a process of its own: `python -m hybridctl.sim.server`."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace

from hybridctl.sim.camera_errors import CameraErrors, read_camera_errors
from hybridctl.sim.cameras import RENDERERS, RenderError
from hybridctl.sim.event_loop import SimServer
from hybridctl.sim.scene import SceneError
from hybridctl.sim.shared_arm import MODES, SharedArm
from hybridctl.sim.table_scene import sample_scene
from hybridctl.sim.tasks import PickUp, PutInBowl, task_for
from hybridctl.sim.tasks.registry import make_task
from hybridctl.sim.tasks.task import Task
from hybridctl.sim.world import SimWorld

_LOOPBACK = ("localhost", "127.", "::1")


def serve(
    shared: SharedArm, *, host: str = "127.0.0.1", port: int = 0, ready: Callable[[str], None] | None = None
) -> None:
    """Serve a simulated workplace until interrupted; `ready` is called with the address.

    Raises:
        OSError: the port is taken or the host is not this machine's.
    """
    server = SimServer(shared, host=host, port=port)
    try:
        if ready is not None:
            ready(server.address)
        server.run()
    except KeyboardInterrupt:
        pass
    finally:
        server.close()


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(
        prog="python -m hybridctl.sim.server", description="Serve a simulated arm to `--arm sim://HOST:PORT`."
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the scene (default: 0)")
    parser.add_argument("--instruction", help="the scene holds what its words name; their score is printed")
    parser.add_argument(
        "--task", help="set up a task of `hybridctl tasks`; its score is printed here, only here"
    )
    parser.add_argument("--split", default="seen", help="of the task's scene (default: seen)")
    parser.add_argument("--language", default="en", help="of the task's instruction (default: en)")
    parser.add_argument(
        "--camera-errors", type=read_camera_errors, default=CameraErrors(), metavar="MM,DEG,MM",
        help="error of the reported camera pose in place and angle, and depth noise at 1 m (default: none)",
    )  # fmt: skip
    parser.add_argument("--mode", choices=MODES, default="lockstep", help="(default: lockstep)")
    parser.add_argument("--host", default="127.0.0.1", help="(default: 127.0.0.1, this machine only)")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one (default: 0)")
    parser.add_argument("--renderer", choices=("auto", *RENDERERS), default="auto", help="(default: auto)")
    arguments = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")  # to standard error
    if arguments.seed < 0 or not 0 <= arguments.port < 65536:
        parser.error("expected a seed of 0 or more and a port of 0 to 65535")
    if not arguments.host.startswith(_LOOPBACK):
        print(
            f"warning: {arguments.host} is open to the network and there is no authentication: "
            "whoever reaches the port can move the arm",
            file=sys.stderr,
        )

    def ready(address: str) -> None:
        print(f"listening on {address}", flush=True)
        if task is not None:
            print(f"instruction: {task.instruction}", flush=True)

    try:
        task = _task(arguments)
        scored = task or (task_for(arguments.instruction, arguments.seed) if arguments.instruction else None)
        serve(_workplace(arguments, scored), host=arguments.host, port=arguments.port, ready=ready)
    except (SceneError, RenderError) as error:
        parser.error(str(error))
    except OSError as error:
        print(f"cannot listen on {arguments.host}:{arguments.port}: {error}", file=sys.stderr)
        return 2
    return 0


def _task(arguments: argparse.Namespace) -> Task | None:
    """Return the task that was asked for.

    Raises:
        SceneError: there is no such task, split or language.
    """
    if arguments.task is None:
        return None
    if arguments.instruction is not None:
        raise SceneError("--task brings its own instruction: leave --instruction out")
    return make_task(arguments.task, arguments.seed, split=arguments.split, language=arguments.language)


def _workplace(arguments: argparse.Namespace, task: Task | PutInBowl | PickUp | None) -> SharedArm:
    """Return the workplace asked for; of a task, this process alone says what the physics score."""
    errors = replace(arguments.camera_errors, seed=arguments.seed)
    mode, renderer = arguments.mode, arguments.renderer
    if task is None:
        return SharedArm(sample_scene(arguments.seed), mode=mode, renderer=renderer, errors=errors)

    def say_score(world: SimWorld) -> None:
        print(f"score: {json.dumps(asdict(task.score(world)))}", flush=True)

    actors = task.actors if isinstance(task, Task) else ()
    return SharedArm(
        task.scene, mode=mode, renderer=renderer, actors=actors, errors=errors, when_left=say_score
    )


if __name__ == "__main__":
    sys.exit(main())
