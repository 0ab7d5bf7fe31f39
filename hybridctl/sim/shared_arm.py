"""One simulated workplace that many clients may watch and one may control: what each request does to it.

Answers hold what a real arm and a real camera would tell, and nothing else: no request asks for the
objects, the scene or its seed.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from hybridctl.arms.errors import ArmError, WireError
from hybridctl.arms.simulated import SimulatedArm
from hybridctl.arms.wire import LONGEST_SLEEP, PROTOCOL, pack_command, pack_state, require, unpack_command
from hybridctl.sim.camera_errors import CameraErrors
from hybridctl.sim.cameras import SimCamera, make_renderer
from hybridctl.sim.scene import SceneSpec
from hybridctl.sim.world import Actor, SimWorld

MODES = ("lockstep", "realtime")
CAMERAS = ("scene", "wrist")
"""Cameras that a client may look through."""
_log = logging.getLogger(__name__)
Fields = dict[str, Any]


class SharedArm:
    """A simulated arm and camera with one place for a controlling client.

    Args:
        scene: What stands on the table.
        mode: `lockstep`: time stands still but for `sleep_until`. `realtime`: the server steps it.
        renderer: `auto`, `gl` or `ray`.
        actors: Who acts on the scene meanwhile.
        errors: How far the cameras' reports are from the truth.
        when_left: Called when the controlling client has left or is lost: the simulator's own scorer.
    """

    def __init__(
        self,
        scene: SceneSpec,
        *,
        mode: str,
        renderer: str,
        actors: tuple[Actor, ...] = (),
        errors: CameraErrors | None = None,
        when_left: Callable[[SimWorld], None] | None = None,
    ) -> None:
        if mode not in MODES:
            raise ValueError(f"mode is {mode!r}, expected one of {', '.join(MODES)}")
        self.mode = mode
        self.world = SimWorld(scene)
        self.world.reset(scene, actors=actors)
        self._when_left = when_left
        self.timestep = float(self.world.model.opt.timestep)
        self.arm = SimulatedArm(self.world)
        self.controller: str | None = None
        self.serial = secrets.token_hex(8)  # a simulator that was started anew is another arm
        self._renderer = make_renderer(self.world, kind=renderer)
        self._cameras = {
            name: SimCamera(self.world, self._renderer, name=name, errors=errors or CameraErrors())
            for name in CAMERAS
        }
        for name in CAMERAS:  # a first picture takes 0.1 s: in real time nobody shall wait for it
            self._renderer.rgbd(name)
        self._answers: dict[str, Callable[[str, Mapping[str, Any]], Fields]] = {
            "hello": self._hello,
            "read": self._read,
            "send": self._send,
            "stop": self._stop,
            "enter": self._enter,
            "exit": self._exit,
            "now": self._now,
            "sleep_until": self._sleep_until,
            "capture": self._capture,
        }

    def answer(self, client: str, request: Mapping[str, Any]) -> Fields:
        """Do what `client` asks and return the answer's fields.

        Raises:
            WireError: the request is unknown, or a field is missing or of the wrong type.
            ArmError: it is not this client's to ask, or the arm is stopped.
            MessageError: a value is out of range.
        """
        kind = require(request, "op", str)
        if kind not in self._answers:
            raise WireError(f"unknown request {kind!r}, expected one of {', '.join(self._answers)}")
        return self._answers[kind](client, request)

    def lost(self, client: str, *, cause: str) -> None:
        """Brake and hold at once if it was `client` who controlled the arm."""
        if self.controller == client:
            self.controller = None
            self.arm.stop(cause=cause)
            self._has_left()
            _log.warning("%s: %s; the arm brakes and holds", client, cause)

    def time(self, stamp: float) -> Fields:
        """Return the time now [s] and whether it is `there`, at `stamp` [s] to half a timestep."""
        now = self.world.now()
        return {"now": now, "there": now >= stamp - 0.51 * self.timestep}

    def close(self) -> None:
        """Free the renderer."""
        self._renderer.close()

    def _hello(self, client: str, request: Mapping[str, Any]) -> Fields:
        return {
            "protocol": PROTOCOL, "serial": self.serial, "dof": self.arm.dof, "mode": self.mode,
            "now": self.world.now(),
        }  # fmt: skip

    def _read(self, client: str, request: Mapping[str, Any]) -> Fields:
        return {**pack_state(self.arm.read()), "stop_cause": self.arm.stop_cause}

    def _send(self, client: str, request: Mapping[str, Any]) -> Fields:
        self._demand_control(client)
        return pack_command(self.arm.send(unpack_command(request)))

    def _stop(self, client: str, request: Mapping[str, Any]) -> Fields:
        """Anyone may stop the arm, as anyone may press the red button."""
        self.arm.stop(cause=require(request, "cause", str)[:500])
        return {}

    def _enter(self, client: str, request: Mapping[str, Any]) -> Fields:
        if self.controller not in (None, client):
            raise ArmError(
                f"client {self.controller} controls the arm: end that program first; "
                "reading and pictures are free"
            )
        self.controller = client
        self.arm.__enter__()
        _log.info("%s controls the arm", client)
        return {}

    def _exit(self, client: str, request: Mapping[str, Any]) -> Fields:
        cause = require(request, "cause", str)[:500]
        if self.controller == client:
            self.controller = None
            if not self.arm.read().stopped:
                self.arm.stop(cause=cause)
            self._has_left()
            _log.info("%s has left the arm: %s", client, cause)
        return {}

    def _now(self, client: str, request: Mapping[str, Any]) -> Fields:
        return {"now": self.world.now()}

    def _sleep_until(self, client: str, request: Mapping[str, Any]) -> Fields:
        """Step the physics in lockstep; in real time the server keeps the answer back until it is due."""
        stamp = require(request, "stamp", float)
        if self.mode == "lockstep":
            if self.controller not in (None, client) and not self.time(stamp)["there"]:
                raise ArmError(
                    f"client {self.controller} controls the arm and with it the time (lockstep): "
                    "call now() until it is there"
                )
            self.world.sleep_until(min(stamp, self.world.now() + LONGEST_SLEEP))
        return self.time(stamp)

    def _capture(self, client: str, request: Mapping[str, Any]) -> Fields:
        name = require(request, "camera", str) if "camera" in request else "scene"
        if name not in self._cameras:
            raise WireError(f"there is no camera {name!r:.40}, expected one of {', '.join(CAMERAS)}")
        seen = self._cameras[name].capture(self.arm.read(), np.eye(4))
        return {
            "rgb": seen.rgb, "depth": seen.depth, "K": seen.K, "T_base_camera": seen.T_base_camera,
            "stamp": seen.stamp, "camera": seen.camera,
        }  # fmt: skip

    def _has_left(self) -> None:
        if self._when_left is not None:
            self._when_left(self.world)

    def _demand_control(self, client: str) -> None:
        if self.controller == client:
            return
        if self.controller is not None:
            raise ArmError(f"client {self.controller} controls the arm, this one only watches")
        raise ArmError(
            f"the arm is stopped ({self.arm.stop_cause or 'never entered'}): enter it again to move"
        )
