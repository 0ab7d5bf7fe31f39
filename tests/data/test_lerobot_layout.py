"""Names and templates of the layout; what is wrong in a folder is told in test_lerobot_reader."""

from hybridctl.data.lerobot_layout import Info, after, camera_key, make_features


def test_file_indices_start_anew_in_each_chunk():
    place, seen = (0, 0), []
    for _ in range(5):
        seen.append(place)
        place = after(place, 2)
    assert seen == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0)]


def test_info_survives_being_written_and_read():
    features = make_features(
        fps=10, cameras={camera_key("wrist"): (48, 64)}, state_names=["a"], action_names=["b"], codec="h264"
    )
    info = Info(codebase_version="v3.0", fps=10, features=features, robot_type="panda")
    assert Info.model_validate_json(info.to_json()) == info
    assert info.video_keys == ("observation.images.wrist",)


def test_a_dataset_without_cameras_has_no_videos():
    features = make_features(fps=10, cameras={}, state_names=["a"], action_names=["b"], codec="h264")
    assert Info(codebase_version="v3.0", fps=10, features=features).video_keys == ()
