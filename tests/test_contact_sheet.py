"""The sheet shows every task and every split, once each, with its words."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hybridctl import contact_sheet
from hybridctl.contact_sheet import draw_sheet
from hybridctl.sim.scene import SceneError
from hybridctl.sim.splits import SPLITS
from hybridctl.sim.tasks.registry import TASKS

SIDE, CAPTION, COLUMNS = 224, 46, 6


def tile(sheet: np.ndarray, index: int) -> np.ndarray:
    row, column = divmod(index, COLUMNS)
    tall = SIDE + CAPTION
    return sheet[row * tall : (row + 1) * tall, column * SIDE : (column + 1) * SIDE]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two tasks instead of all: a sheet costs a picture of each."""
    names = ["pick", "open_close"]
    monkeypatch.setattr(contact_sheet, "TASKS", {name: TASKS[name] for name in names})
    monkeypatch.setattr(contact_sheet, "SPLITS", {"seen": SPLITS["seen"]})
    return names


def test_tasks_come_first_and_splits_below_in_rows_of_six(tmp_path: Path, few: list[str]) -> None:
    path = tmp_path / "new folder" / "sheet.picture"
    draw_sheet(path, seed=3, renderer="ray")
    with Image.open(path) as image:
        assert image.format == "PNG", "whatever its name"
        sheet = np.array(image.convert("RGB"))
    assert sheet.shape == (2 * (SIDE + CAPTION), COLUMNS * SIDE, 3)
    pictures = [tile(sheet, k)[:SIDE] for k in (0, 1, 6)]
    assert all(picture.std() > 20 for picture in pictures)
    assert not np.array_equal(pictures[0], pictures[1])
    assert all(tile(sheet, k).std() == 0 for k in (2, 5, 7, 11)), "the rest is blank"
    captions = [tile(sheet, k)[SIDE:] for k in (0, 1, 6)]
    assert all(caption.min() < 80 < 240 < caption.max() for caption in captions), "dark words on paper"


def test_the_same_seed_draws_the_same_sheet_and_another_another(tmp_path: Path, few: list[str]) -> None:
    pictures = []
    for k, seed in enumerate((3, 3, 4)):
        draw_sheet(tmp_path / f"{k}.png", seed=seed, renderer="ray")
        pictures.append((tmp_path / f"{k}.png").read_bytes())
    assert pictures[0] == pictures[1] != pictures[2]


def test_an_unknown_language_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match="no task speaks 'fr'"):
        draw_sheet(tmp_path / "sheet.png", seed=1, language="fr", renderer="ray")
    assert not list(tmp_path.iterdir())


def test_long_instructions_are_broken_between_words_to_fit() -> None:
    from PIL import ImageFont

    font, text = (
        ImageFont.load_default(10),
        "put the smallest yellow cylinder of all into the bowl of its colour",
    )
    lines = contact_sheet._wrapped(text, font, 120)
    assert " ".join(lines) == text
    assert len(lines) > 2
    assert all(font.getlength(line) <= 120 for line in lines)
