"""The page, parsed: its sections, its data points, and nothing from the network."""

import re
import shutil
from collections import Counter
from html.parser import HTMLParser

import pytest

from hybridctl.record import Recorder, RunFolderError, write_html
from hybridctl.record.html import REPORT_PAGE

VOID = {"meta", "br", "img", "input", "link", "hr"}


class Page(HTMLParser):
    """Collects figures, series with their number of points, table rows and all addresses."""

    def __init__(self, text):
        super().__init__()
        self.open, self.figures, self.series, self.rows = [], [], {}, Counter()
        self.addresses, self.words, self._table = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag not in VOID:
            self.open.append(tag)
        self.addresses += [values[key] for key in ("src", "href", "action", "data") if key in values]
        if tag == "figure":
            self.figures.append(values["id"])
        if tag == "table":
            self._table = values["id"]
        if tag == "tr":
            self.rows[self._table] += 1
        if "data-series" in values:
            key = (self.figures[-1], values["data-series"])
            self.series.setdefault(key, []).append(len(values.get("points", "").split()))

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def page(run_folder):
    return Page(write_html(run_folder).read_text())


def test_every_element_is_closed(page):
    assert page.open == []


def test_all_plots_are_there(page):
    assert set(page.figures) == {
        "path", "tree", "memory", "gripper", "force", "tracking", "joint-limits", "velocity", "space",
        "slacks", "solve-times",
    }  # fmt: skip


@pytest.mark.parametrize("source", ["tokens", "fine", "skill", "home"])
def test_the_path_has_a_point_for_each_period_from_above_and_from_the_side(page, periods, source):
    recorded = sum(period.source == source for period in periods)
    assert sum(page.series["path", source]) == 2 * recorded


def test_plots_over_time_have_all_points_of_a_short_run(page, periods):
    assert page.series["solve-times", "solve time"] == [len(periods)]
    assert page.series["gripper", "gripper width"] == [len(periods)]
    for joint in range(1, 8):
        assert page.series["tracking", f"tracking joint{joint}"] == [len(periods) - 1]
        assert page.series["velocity", f"velocity joint{joint}"] == [len(periods)]
    assert sum(page.series["space", "margin table"]) == pytest.approx(len(periods) / 5, abs=1)
    assert sum(page.series["slacks", "slack table"]) == sum(bool(p.result.slacks) for p in periods)


def test_timelines_have_a_mark_for_each_event(page):
    assert len(page.series["tree", "leaf"]) == 2
    assert len(page.series["memory", "memory seen"]) == 1
    assert len(page.series["memory", "memory holding"]) == 2


def test_tables_list_answers_with_entropy_and_failures(page):
    assert page.rows == {"answers": 1 + 5, "failed": 1 + 1}
    text = " ".join(page.words)
    assert "0 12 20 30 40 50 60 255" in text
    assert "3.5" in text  # entropy of the last act
    assert "2.25" in text  # entropy of the look, from the memory's event
    assert "slipped & fell" in text


def test_the_head_says_what_the_run_was(page):
    text = " ".join(page.words)
    for words in ("tidy up <now>", "Failed (failure: slipped)", "scene/ray", "1.2 s simulated in 0.5 s"):
        assert words in text


def test_nothing_comes_from_the_network(run_folder, page):
    assert page.addresses == []  # there is no video in this run
    text = (run_folder / REPORT_PAGE).read_text()
    assert not re.search(r"https?:|//[a-z]|@import|url\(", text.replace("// One cursor", ""))


def test_a_video_is_played_from_the_folder(run_folder, tmp_path):
    folder = shutil.copytree(run_folder, tmp_path / "copy")
    (folder / "video.mp4").write_bytes(b"x")
    assert Page(write_html(folder).read_text()).addresses == ["video.mp4"]


def test_a_cut_run_shows_what_is_there_and_says_so(run_folder, tmp_path):
    content = (run_folder / "telemetry.mcap").read_bytes()
    (tmp_path / "telemetry.mcap").write_bytes(content[: len(content) * 2 // 3])
    page = Page(write_html(tmp_path).read_text())
    text = " ".join(page.words)
    assert "Cut short: the outcome is not known" in text
    assert "telemetry.mcap was cut short" in text
    assert "no report.json" in text
    assert "tidy up <now>" in text
    assert "path" in page.figures
    assert "memory" not in page.figures


def test_a_report_alone_is_a_page_too(run_folder, tmp_path):
    shutil.copy(run_folder / "report.json", tmp_path)
    page = Page(write_html(tmp_path).read_text())
    assert page.figures == ["tree"]
    assert any("no telemetry.mcap" in words for words in page.words)


def test_a_folder_that_is_no_run_gets_no_page(tmp_path):
    with pytest.raises(RunFolderError, match="no run folder"):
        write_html(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_rendering_again_gives_the_same_page(run_folder):
    assert write_html(run_folder).read_bytes() == write_html(run_folder).read_bytes()


def test_a_run_of_scripted_experts_without_tokens_or_memory_is_a_page(tmp_path, periods):
    with Recorder(tmp_path, instruction="stack", video=False) as recorder:
        for period in periods:
            recorder.on_control(period.state, period.result, period.T_base_tool, "skill")
        recorder.on_event(1.19, "grasp", "red block", {"force": 2.0})
    recorder.write_report({"success": True, "status": "SUCCESS"})
    page = Page(write_html(tmp_path).read_text())
    assert {"path", "tracking", "gripper", "solve-times"} <= set(page.figures)
    assert not {"memory", "tree"} & set(page.figures)
    text = " ".join(page.words)
    assert "The record holds no answer of the VLA." in text
    assert "skill 0." in text
    assert "There is no events.db" in text


def test_events_that_carry_other_things_than_ours_are_shown_as_they_are(tmp_path):
    with Recorder(tmp_path, instruction="x", video=False) as recorder:
        recorder.on_event(0.0, "look", "cup", {"pixel": None, "position": None})
        recorder.on_event(0.1, "act", "cup", {"tokens": [1, 2], "distance_to_belief": "far"})
        recorder.on_event(0.2, "failure", "mine", {})
    text = " ".join(Page(write_html(tmp_path).read_text()).words)
    assert "{'pixel': None, 'position': None}" in text
    assert "far" in text


def test_a_video_that_begins_late_keeps_step_with_the_plots(tmp_path, periods, observations):
    with Recorder(tmp_path, instruction="x") as recorder:
        for k, period in enumerate(periods):
            if k == 30:
                recorder.on_observation(observations[3])
            recorder.on_control(period.state, period.result, period.T_base_tool, period.source)
    assert '<video src="video.mp4" data-start="0.3"' in write_html(tmp_path).read_text()
