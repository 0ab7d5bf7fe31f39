"""What is plotted over time is what was recorded: points are read back through the axes' numbers."""

import re

import numpy as np
import pytest

from hybridctl.record import read_telemetry
from hybridctl.record.motion_plots import motion_figures
from hybridctl.record.reading import load_telemetry
from hybridctl.record.run_folder import load_run

TIME = (0.0, 1.19)


@pytest.fixture(scope="module")
def figures(run_folder):
    return {figure.key: figure.render() for figure in motion_figures(load_run(run_folder), TIME)}


@pytest.fixture(scope="module")
def recorded(run_folder):
    return read_telemetry(run_folder)


def plotted(svg, series):
    """Return (x, y) of a series in the units of its axes, from the positions of the grid's numbers."""
    ticks = {"middle": [], "end": []}
    pattern = r'<text class="faint" text-anchor="(middle|end)" x="([\d.-]+)" y="([\d.-]+)">(-?[\d.]+)</text>'
    for anchor, x, y, text in re.findall(pattern, svg):
        ticks[anchor].append((float(x) if anchor == "middle" else float(y) - 4, float(text)))
    ((points,)) = re.findall(rf'data-series="{series}" points="([^"]*)"', svg)
    pixels = np.array([point.split(",") for point in points.split()], dtype=float)
    columns = []
    for values, marks in zip(pixels.T, (ticks["middle"], ticks["end"]), strict=True):
        (p0, v0), (p1, v1) = marks[0], marks[-1]
        columns.append(v0 + (values - p0) / (p1 - p0) * (v1 - v0))
    return columns


def check(svg, series, x, y, *, within):
    found_x, found_y = plotted(svg, series)
    np.testing.assert_allclose(found_x, x, atol=2e-3)
    np.testing.assert_allclose(found_y, y, atol=within)


def test_tracking_error_is_measured_less_the_command_before(figures, recorded):
    error = 1e3 * (recorded["q"][1:] - recorded["q_command"][:-1])
    assert "error [mrad]" in figures["tracking"]
    for j in range(7):
        check(figures["tracking"], f"tracking joint{j + 1}", recorded["stamp"][1:], error[:, j], within=0.02)


def test_joint_distances_are_those_to_the_nearer_limit(figures, recorded, robot):
    room = np.degrees(np.minimum(recorded["q"] - robot.q_min, robot.q_max - recorded["q"]))
    assert "distance [°]" in figures["joint-limits"]
    for j in range(7):
        series = f"joint-limits joint{j + 1}"
        check(figures["joint-limits"], series, recorded["stamp"], room[:, j], within=0.5)


@pytest.mark.parametrize("limit", ["table", "links", "workspace"])
def test_distances_in_space_are_the_recorded_margins_by_name(figures, recorded, run_folder, limit):
    svg = figures["space"]
    assert "distance [mm]" in svg
    check(svg, f"margin {limit}", recorded["margin_stamp"], 1e3 * recorded[f"margin_{limit}"], within=1.0)
    nearest = load_telemetry(run_folder / "telemetry.mcap").tightest[limit]
    assert nearest
    assert f"least {1e3 * recorded[f'margin_{limit}'].min():.0f} mm ({nearest})" in svg


def test_solve_times_are_those_recorded_under_the_control_period(figures, recorded):
    assert "control step [ms]" in figures["solve-times"]
    check(figures["solve-times"], "solve time", recorded["stamp"], recorded["solve_ms"], within=0.05)
    assert "control period</text>" in figures["solve-times"]


def test_the_gripper_is_in_millimetres(figures, recorded):
    assert "finger distance [mm]" in figures["gripper"]
    check(figures["gripper"], "gripper width", recorded["stamp"], 1e3 * recorded["gripper_width"], within=0.3)
