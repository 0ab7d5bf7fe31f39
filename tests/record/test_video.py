import av
import numpy as np

from hybridctl.record import VideoWriter
from hybridctl.record.video import FRAGMENT


def test_frames_come_back(tmp_path):
    writer = VideoWriter(tmp_path / "v.mp4", rate=10)
    for k in range(30):
        writer.add(np.full((64, 96, 3), 8 * k, np.uint8), at=0.1 * k)
    writer.close()
    with av.open(str(tmp_path / "v.mp4")) as video:
        levels = [frame.to_ndarray(format="rgb24").mean() for frame in video.decode(video=0)]
        assert float(video.duration) / av.time_base == 3.0
    np.testing.assert_allclose(levels, 8 * np.arange(30), atol=4)


def test_a_video_without_frames_closes(tmp_path):
    VideoWriter(tmp_path / "v.mp4").close()


def test_a_frame_that_was_left_out_leaves_its_time_free(tmp_path):
    writer = VideoWriter(tmp_path / "v.mp4", rate=10)
    for at in (0.0, 0.1, 0.7, 0.8):
        writer.add(np.zeros((64, 96, 3), np.uint8), at=at)
    writer.close()
    with av.open(str(tmp_path / "v.mp4")) as video:
        times = [frame.time for frame in video.decode(video=0)]
    np.testing.assert_allclose(times, (0.0, 0.1, 0.7, 0.8), atol=1e-6)


def test_a_file_that_was_never_closed_plays_to_its_last_whole_fragment(tmp_path):
    writer = VideoWriter(tmp_path / "v.mp4", rate=10)
    noise = np.random.default_rng(0)
    for k in range(80):
        writer.add(noise.integers(0, 255, (64, 96, 3), dtype=np.uint8), at=0.1 * k)
    (tmp_path / "cut.mp4").write_bytes((tmp_path / "v.mp4").read_bytes())
    with av.open(str(tmp_path / "cut.mp4")) as video:
        assert sum(1 for _ in video.decode(video=0)) >= 80 - 10 * FRAGMENT - 1
    writer.close()
