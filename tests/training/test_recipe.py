"""A recipe file is read strictly: what is wrong is named with file and key."""

from pathlib import Path

import pytest

from hybridctl.training.recipe import Recipe, RecipeError, load_recipe
from hybridctl.vla.checkpoint import EMBEDDED


def test_no_file_is_the_recipe_of_the_shipped_model() -> None:
    recorded = Recipe.model_validate_json((EMBEDDED / "recipe.json").read_text())
    assert load_recipe(None) == recorded


def test_a_file_changes_what_it_names(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("hidden: 64\nchannels: [8, 8, 16, 32]\n")
    recipe = load_recipe(path)
    assert recipe.hidden == 64
    assert recipe.channels == (8, 8, 16, 32)
    assert recipe.batch == Recipe().batch


def test_an_empty_file_is_the_default_recipe(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("")
    assert load_recipe(path) == Recipe()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("hiden: 64", "hiden"), ("hidden: 8", "hidden"), ("layers: 2", "layers"), ("heads: 1", "heads"),
        ("minutes: 0", "minutes"), ("learning_rate: -1", "learning_rate"), ("ema: 1.0", "ema"),
        ("decay_share: 1.5", "decay_share"), ("batch: 0", "batch"), ("batch: many", "batch"),
        ("channels: [8, 8]", "channels"), ("brightness: 1.0", "brightness"), ("seed: -1", "seed"),
    ],
)  # fmt: skip
def test_a_wrong_key_or_value_is_refused_with_file_and_key(tmp_path: Path, text: str, key: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(RecipeError) as caught:
        load_recipe(path)
    assert f"{path}: {key}" in str(caught.value)


@pytest.mark.parametrize("text", ["a: [", "- 1\n- 2"])
def test_what_is_no_mapping_is_refused_with_the_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(RecipeError, match=r"mine\.yaml"):
        load_recipe(path)


def test_a_missing_file_is_a_recipe_error(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"nowhere\.yaml"):
        load_recipe(tmp_path / "nowhere.yaml")
