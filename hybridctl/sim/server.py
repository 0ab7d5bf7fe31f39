"""The simulator as a process of its own: `python -m hybridctl.sim.server`."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Sequence

from hybridctl.sim.cameras import RENDERERS
from hybridctl.sim.event_loop import SimServer
from hybridctl.sim.scene import SceneSpec
from hybridctl.sim.shared_arm import MODES
from hybridctl.sim.table_scene import sample_scene, words_of

_LOOPBACK = ("localhost", "127.", "::1")


def serve(
    scene: SceneSpec, *, host: str = "127.0.0.1", port: int = 0, mode: str = "lockstep",
    renderer: str = "auto", ready: Callable[[str], None] | None = None,
) -> None:  # fmt: skip
    """Own a world of `scene` and serve it until interrupted; `ready` is called with the address.

    Raises:
        OSError: the port is taken or the host is not this machine's.
    """
    server = SimServer(scene, host=host, port=port, mode=mode, renderer=renderer)
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
    parser.add_argument("--instruction", help="the scene holds what its words name")
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
    target = words_of(arguments.instruction) if arguments.instruction else None
    try:
        serve(
            sample_scene(arguments.seed, target=target),
            host=arguments.host, port=arguments.port, mode=arguments.mode, renderer=arguments.renderer,
            ready=lambda address: print(f"listening on {address}", flush=True),
        )  # fmt: skip
    except OSError as error:
        print(f"cannot listen on {arguments.host}:{arguments.port}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
