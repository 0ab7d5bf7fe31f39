import numpy as np

from hybridctl.record import RecordedCamera


class Listener:
    def __init__(self):
        self.seen = []

    def on_observation(self, seen):
        self.seen.append(seen)


def test_every_observation_is_recorded_and_handed_on(simulator):
    listener = Listener()
    camera = RecordedCamera(simulator.camera, listener)
    seen = camera.capture(simulator.arm.read(), np.eye(4))
    assert seen.rgb.any()
    assert listener.seen == [seen]
