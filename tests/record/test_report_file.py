import json

import pytest

from hybridctl.record import write_html
from hybridctl.record.report_file import load_report

GOOD = {
    "instruction": "x", "success": True, "status": "SUCCESS", "cause": "done", "plan": "pick x",
    "score": {"a": 1}, "sim_seconds": 1.0, "wall_seconds": 2.0, "path_m": {"tokens": 1.0},
    "token_motion_share": 0.5, "token_share_of_approach": 0.5, "controller_status": {"tracking": 3},
    "violations": {}, "mpc_ms_median": 1.0, "vla_ms_median": 2.0, "vla_calls": 2,
    "failures": [{"stamp": 1.0, "leaf": "a", "kind": "b", "why": "c"}],
    "tree": [[0.0, "RUNNING", "a"]], "record": {"video": {"frames": 3, "dropped": 0}, "problems": []},
    "seed": 3, "camera": "scene/ray",
}  # fmt: skip


def write(folder, report):
    path = folder / "report.json"
    path.write_text(json.dumps(report))
    return path


def test_a_good_report_is_kept_whole(tmp_path):
    assert load_report(write(tmp_path, GOOD)) == (GOOD, [])


def test_null_reads_as_missing(tmp_path):
    assert load_report(write(tmp_path, {"score": None, "seed": 3})) == ({"seed": 3}, [])


@pytest.mark.parametrize("name", sorted(set(GOOD) - {"seed", "camera"}))
@pytest.mark.parametrize("odd", [["odd"], {"odd": ["odd"]}, float("nan")], ids=repr)
def test_what_is_odd_is_left_out_named_and_breaks_no_page(tmp_path, name, odd):
    report, findings = load_report(write(tmp_path, {**GOOD, name: odd}))
    if not (isinstance(odd, dict) and name in ("score", "record")):  # these may hold anything more
        assert name not in report
        assert findings[0].startswith(f"{name}: ")
    page = write_html(tmp_path).read_text()
    assert (f"report.json: {name}: " in page) == (name not in report)


def test_what_is_no_object_is_refused(tmp_path):
    with pytest.raises(ValueError, match="holds a list, expected an object"):
        load_report(write(tmp_path, []))
