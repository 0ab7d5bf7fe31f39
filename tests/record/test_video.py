import av
import numpy as np

from hybridctl.record import VideoWriter


def test_frames_come_back(tmp_path):
    writer = VideoWriter(tmp_path / "v.mp4", rate=10)
    for k in range(30):
        writer.add(np.full((64, 96, 3), 8 * k, np.uint8))
    writer.close()
    with av.open(str(tmp_path / "v.mp4")) as video:
        levels = [frame.to_ndarray(format="rgb24").mean() for frame in video.decode(video=0)]
        assert float(video.duration) / av.time_base == 3.0
    np.testing.assert_allclose(levels, 8 * np.arange(30), atol=4)


def test_a_video_without_frames_closes(tmp_path):
    VideoWriter(tmp_path / "v.mp4").close()


def test_a_file_that_was_never_closed_still_plays(tmp_path):
    writer = VideoWriter(tmp_path / "v.mp4", rate=10)
    noise = np.random.default_rng(0)
    for _ in range(80):
        writer.add(noise.integers(0, 255, (64, 96, 3), dtype=np.uint8))
    (tmp_path / "cut.mp4").write_bytes((tmp_path / "v.mp4").read_bytes())
    with av.open(str(tmp_path / "cut.mp4")) as video:
        assert sum(1 for _ in video.decode(video=0)) >= 20
    writer.close()
