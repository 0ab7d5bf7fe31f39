"""A camera whose pictures are also recorded."""

from __future__ import annotations

from hybridctl.messages.arm import ArmState
from hybridctl.messages.arrays import FloatArray
from hybridctl.messages.observation import Camera, Observation
from hybridctl.record.recorder import Recorder


class RecordedCamera:
    """Hands every observation of a camera to a recorder, then on."""

    def __init__(self, camera: Camera, recorder: Recorder) -> None:
        self._camera, self._recorder = camera, recorder

    def capture(self, arm: ArmState, T_base_tool: FloatArray) -> Observation:
        """Return the camera's observation."""
        seen = self._camera.capture(arm, T_base_tool)
        self._recorder.on_observation(seen)
        return seen
