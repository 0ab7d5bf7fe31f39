"""An address says by its form which backend it means."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hybridctl.messages.policy import PolicyError
from hybridctl.vla.backends.opening import open_policy
from hybridctl.vla.backends.remote import RemotePolicy
from hybridctl.vla.backends.replay import FILE_NAME, RecordingPolicy, ReplayPolicy
from hybridctl.vla.backends.scripted import ScriptedPolicy
from hybridctl.vla.errors import MissingFileError
from hybridctl.vla.policy import CheckpointPolicy
from hybridctl.vla.statistics import EMBEDDED_STATISTICS

TABLE = ScriptedPolicy(EMBEDDED_STATISTICS.action_spec())


def test_each_form_is_opened_by_its_backend(
    tmp_path: Path, saved: Callable[..., Path], serve: Callable[..., Any]
) -> None:
    RecordingPolicy(TABLE, tmp_path / FILE_NAME).close()
    assert isinstance(open_policy(), CheckpointPolicy)
    assert isinstance(open_policy(str(saved("llava"))), CheckpointPolicy)
    assert isinstance(open_policy(str(tmp_path)), ReplayPolicy)
    assert isinstance(open_policy(str(tmp_path / FILE_NAME)), ReplayPolicy)
    assert isinstance(open_policy(serve(TABLE).address), RemotePolicy)


def test_what_is_nothing_of_it_is_an_error() -> None:
    with pytest.raises(PolicyError, match="expected http://HOST:PORT"):
        open_policy("ws://localhost:8000")
    with pytest.raises(MissingFileError, match="no model folder"):
        open_policy("./nowhere")
