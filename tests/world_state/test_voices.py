"""The same answer from one place counts once."""

import numpy as np

from world_state.noise import NoiseModel
from world_state.voices import MOST_VIEWS, SILENT, Voices, still_heard

NOISE = NoiseModel()
HERE, THERE = np.zeros(3), np.array([0.3, 0.0, 0.0])


def test_a_repeated_answer_weighs_little_and_another_answer_place_or_time_in_full():
    said = SILENT.heard("yes", view=HERE, stamp=0.0, noise=NOISE)
    assert SILENT.weight("yes", view=HERE, stamp=0.0, noise=NOISE) == 1.0
    assert said.weight("yes", view=HERE + 0.01, stamp=1.0, noise=NOISE) == NOISE.repeat_weight
    assert said.weight("no", view=HERE, stamp=1.0, noise=NOISE) == 1.0
    assert said.weight("yes", view=THERE, stamp=1.0, noise=NOISE) == 1.0
    assert said.weight("yes", view=HERE, stamp=1.0 + NOISE.repeat_within, noise=NOISE) == 1.0


def test_one_voice_a_place_is_kept_and_of_the_places_the_last_few():
    said = SILENT
    for k in range(10):
        said = said.heard("yes", view=np.array([0.1 * (k // 2), 0, 0]), stamp=float(k), noise=NOISE)
    assert len(said.voices) == MOST_VIEWS
    assert said.voices[0].stamp == 9.0
    assert Voices.from_json(said.to_json()).to_json() == said.to_json()


def test_a_voice_that_has_no_effect_any_more_is_dropped():
    said = SILENT.heard("yes", view=HERE, stamp=0.0, noise=NOISE)
    later = said.heard("yes", view=THERE, stamp=NOISE.repeat_within, noise=NOISE)
    assert [voice.stamp for voice in later.voices] == [NOISE.repeat_within]
    assert said.fresh(1.0, noise=NOISE) is said
    assert list(still_heard({"a": said, "b": later}, NOISE.repeat_within, noise=NOISE)) == ["b"]
