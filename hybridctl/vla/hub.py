"""Where a checkpoint lies: a folder of this machine, or a name on the hub that transformers loads from."""

from __future__ import annotations

import re
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError

from hybridctl.vla.errors import MissingFileError, UnreachableError

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_WANTED = ("*.json", "*.jinja", "*.safetensors", "tokenizer.model", "merges.txt")
"""What is fetched: no pickle among it."""


def local_folder(source: Path | str) -> Path:
    """Return the folder of a checkpoint; a hub name (a str, `org/model`) is looked up or fetched.

    Raises:
        MissingFileError: a path that is no folder.
        UnreachableError: a hub name that is neither in the cache of this machine nor to be had.
    """
    folder = Path(source)
    if folder.is_dir():
        return folder
    if isinstance(source, Path) or not _NAME.fullmatch(source):
        raise MissingFileError(f"there is no model folder {folder}: train one with `hybridctl train`")
    try:
        return Path(snapshot_download(source, allow_patterns=list(_WANTED)))
    except RepositoryNotFoundError as error:
        raise UnreachableError(f"there is no model folder {source}, and no such model on the hub") from error
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        raise UnreachableError(
            f"there is no model folder {source}, and the hub that would have a model of this name cannot be "
            f"reached: copy the model here and give its folder ({type(error).__name__})"
        ) from error
