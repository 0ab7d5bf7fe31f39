import re

import numpy as np
import pytest

from hybridctl.record.force_plot import force_figure
from hybridctl.record.html import render
from hybridctl.record.run_folder import load_run


@pytest.fixture
def run(run_folder):
    return load_run(run_folder)


def test_force_and_residual_are_plotted_with_their_peaks(run):
    figure = force_figure(run, (0.0, 1.19))
    text = figure.render()
    assert "force [N]" in text
    assert "torque [Nm]" in text
    assert "Largest force on the tool: 5.9 N. Largest residual of a joint: 2.4 Nm." in text
    for series in ("force", "residual"):
        (points,) = re.findall(rf'data-series="{series}" points="([^"]*)"', text)
        assert len(points.split()) == 100  # the arm feels from the 20th of 120 periods on


def test_grasps_failures_and_events_are_marked(run):
    text = force_figure(run, (0.0, 1.19)).render()
    for name in ("event grasped", "event failure", "event contact"):
        assert text.count(f'data-series="{name}"') == 2, name  # in each of the two plots
    assert "event act" not in text


def test_an_arm_that_feels_only_torques_gets_that_plot_alone(run):
    run.telemetry.arrays["wrench"][:] = np.nan
    text = force_figure(run, (0.0, 1.19)).render()
    assert "force [N]" not in text
    assert "torque [Nm]" in text


def test_an_arm_that_feels_nothing_gets_no_plot(run):
    run.telemetry.arrays["wrench"][:] = np.nan
    run.telemetry.arrays["tau_external"][:] = np.nan
    assert force_figure(run, (0.0, 1.19)) is None
    assert 'id="force"' not in render(run)
