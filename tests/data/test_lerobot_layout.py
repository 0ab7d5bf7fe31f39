"""Names and templates of the layout; what is wrong in a folder is told in test_lerobot_reader."""

import json

from hybridctl.data.lerobot_layout import Info, after, camera_key, make_features


def test_info_has_the_keys_and_entries_of_lerobot():
    """Facts, from the source of lerobot 0.4.4 and a folder that it wrote."""
    features = make_features(
        fps=10,
        cameras={camera_key("wrist"): (48, 64)},
        state_names=["a", "b"],
        action_names=["c"],
        more={"observation.wrench": ["fx"]},
        subtasks=True,
        codec="h264",
    )
    info = json.loads(Info(codebase_version="v3.0", fps=10, features=features).to_json())
    entries = {
        key: (value["dtype"], value["shape"], value["names"]) for key, value in info.pop("features").items()
    }
    video = features[camera_key("wrist")].info
    assert info == {
        "codebase_version": "v3.0",
        "robot_type": None,
        "total_episodes": 0,
        "total_frames": 0,
        "total_tasks": 0,
        "chunks_size": 1000,
        "data_files_size_in_mb": 100,
        "video_files_size_in_mb": 200,
        "fps": 10,
        "splits": {},
        "data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
        "video_path": "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4",
    }
    assert entries == {
        "observation.state": ("float32", [2], ["a", "b"]),
        "action": ("float32", [1], ["c"]),
        "observation.wrench": ("float32", [1], ["fx"]),
        "observation.images.wrist": ("video", [48, 64, 3], ["height", "width", "channels"]),
        "next.done": ("bool", [1], None),
        "next.success": ("bool", [1], None),
        "timestamp": ("float32", [1], None),
        "frame_index": ("int64", [1], None),
        "episode_index": ("int64", [1], None),
        "index": ("int64", [1], None),
        "task_index": ("int64", [1], None),
        "subtask_index": ("int64", [1], None),
    }
    assert video == {
        "video.height": 48,
        "video.width": 64,
        "video.codec": "h264",
        "video.pix_fmt": "yuv420p",
        "video.is_depth_map": False,
        "video.fps": 10,
        "video.channels": 3,
        "has_audio": False,
    }


def test_file_indices_start_anew_in_each_chunk():
    place, seen = (0, 0), []
    for _ in range(5):
        seen.append(place)
        place = after(place, 2)
    assert seen == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0)]


def test_info_survives_being_written_and_read():
    features = make_features(
        fps=10,
        cameras={camera_key("wrist"): (48, 64)},
        state_names=["a"],
        action_names=["b"],
        more={},
        subtasks=False,
        codec="h264",
    )
    info = Info(codebase_version="v3.0", fps=10, features=features, robot_type="panda")
    assert Info.model_validate_json(info.to_json()) == info
    assert info.video_keys == ("observation.images.wrist",)


def test_a_dataset_without_cameras_has_no_videos():
    features = make_features(
        fps=10, cameras={}, state_names=["a"], action_names=["b"], more={}, subtasks=False, codec="h264"
    )
    assert Info(codebase_version="v3.0", fps=10, features=features).video_keys == ()
