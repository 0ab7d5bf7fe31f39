"""The bench of the experts sums its rows up by skill, task, split and chain length."""

from typing import Any

import pytest

from hybridctl.bench import experts
from hybridctl.bench.statistics import QUOTABLE, wilson
from hybridctl.sim.splits import SPLITS
from hybridctl.sim.tasks.registry import TASKS


def row(task: str, seed: int, **changes: Any) -> dict[str, Any]:
    return {
        "task": task,
        "seed": seed,
        "split": "seen",
        "success": True,
        "first_attempt": True,
        "ended": "SUCCESS",
        "why": "",
        "disturbed": 0,
        "steps": [["pick", 1, True], ["place_in", 1, True]],
        "violations": {},
        "touched": {},
        "sim_s": 10.0,
        "wall_s": 2.0,
        "interfered": False,
        **changes,
    }


def entry(rows: list[dict[str, Any]], **wanted: str) -> dict[str, Any]:
    (found,) = [r for r in rows if wanted.items() <= r.items() and "wilson_95" in r]
    return found


ROWS = [
    *(row("place", seed) for seed in range(QUOTABLE - 10)),
    *(
        row("place", 100 + seed, success=False, split="unseen-objects", ended="FAILURE",
            steps=[["pick", 2, True], ["place_in", 4, False]], touched={"bowl": 3})
        for seed in range(10)
    ),
    row("pick", 7, steps=[["pick", 3, True]], violations={"workspace": 2, "contact_table": 1}, sim_s=20.0),
]  # fmt: skip


def test_rates_are_of_what_was_done_and_only_quoted_where_there_are_enough() -> None:
    found = experts._sum_up(ROWS, (0, 200), workers=2)
    assert found.figures["task_place"] == 0.8
    assert found.n["task_place"] == QUOTABLE
    assert found.figures["skill_pick"] == 1.0
    assert found.n["skill_pick"] == QUOTABLE + 1
    assert found.figures["skill_place_in"] == 0.8
    assert found.figures["task_pick"] is None, "one case is no rate"
    assert found.n["task_pick"] == 1
    assert found.figures["split_seen"] is None
    assert found.n["split_unseen_objects"] == 10, "keys have no hyphens"
    assert found.seeds == (0, 200)


def test_each_group_has_its_interval_and_each_skill_how_often_it_took_one_attempt() -> None:
    rows = experts._sum_up(ROWS, (0, 200), workers=2).rows
    pick = entry(rows, skill="pick")
    assert (pick["done"], pick["of"], pick["at_once"]) == (QUOTABLE + 1, QUOTABLE + 1, QUOTABLE - 10)
    place = entry(rows, task="place")
    assert place["wilson_95"] == [round(bound, 4) for bound in wilson(40, 50)]
    assert entry(rows, skill="place_in")["done"] == 40


def test_broken_limits_and_touches_are_added_up() -> None:
    found = experts._sum_up(ROWS, (0, 200), workers=2)
    assert found.figures["violations"] == 3
    assert found.figures["touched_periods"] == 30
    (summary,) = [r for r in found.rows if "violations_by_limit" in r]
    assert summary["violations_by_limit"] == {"workspace": 2, "contact_table": 1}
    assert summary["touched_by_body"] == {"bowl": 30}


def test_speed_is_simulated_seconds_for_a_cores_second() -> None:
    found = experts._sum_up(ROWS, (0, 200), workers=2)
    assert found.figures["sim_seconds_per_core_second"] == pytest.approx(520 / 102, abs=0.01)
    assert found.figures["episodes_per_hour"] == round(3600 * 2 * 51 / 102, 1)
    assert found.figures["episode_seconds_median"] == 10.0


def test_rows_come_in_the_order_of_tasks_and_seeds_however_they_were_finished() -> None:
    there = [r for r in experts._sum_up(ROWS[::-1], (0, 200), workers=2).rows if "sim_s" in r]
    assert there == sorted(ROWS, key=lambda r: (list(TASKS).index(r["task"]), r["seed"]))


def test_nothing_measured_is_no_figure() -> None:
    found = experts._sum_up([], (0, 1), workers=2)
    assert found.figures["sim_seconds_per_core_second"] is None
    assert found.figures["episode_seconds_median"] is None


def test_an_episode_is_a_row_that_the_sum_can_use() -> None:
    one = experts._episode(("pick", 24))
    assert one["task"] == "pick"
    assert one["split"] in SPLITS
    assert set(row("pick", 0)) <= set(one)
    assert one["steps"][0][0] == "pick"
    assert experts._sum_up([one], (24, 25), workers=2).n["task_pick"] == 1
