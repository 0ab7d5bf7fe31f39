"""Parquet files of the LeRobot layout: frames, episodes and tasks, as tables and on disk."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridctl.data.lerobot_layout import DatasetError, Feature, pyarrow
from hybridctl.data.lerobot_stats import Statistics

NAMELESS_INDEX = "__index_level_0__"
"""The column in which pandas keeps an index without a name."""


def frame_table(columns: Mapping[str, NDArray[Any]], features: Mapping[str, Feature]) -> Any:
    """Return a table of an episode's frames; vectors become lists of fixed size, shape (1,) plain values.

    Args:
        columns: Values of each feature, shape (frames, entries) or (frames,).
        features: What the features are; those stored as video have no column.
    """
    pa = pyarrow()
    arrays = {}
    for key, feature in features.items():
        if feature.dtype == "video":
            continue
        values = pa.array(np.ascontiguousarray(columns[key], dtype=feature.dtype).ravel())
        size = feature.shape[0]
        arrays[key] = values if size == 1 else pa.FixedSizeListArray.from_arrays(values, size)
    return pa.table(arrays)


def episode_table(row: Mapping[str, Any], statistics: Mapping[str, Statistics]) -> Any:
    """Return a table of one row: where an episode's parts are, and its statistics as `stats/FEATURE/NAME`."""
    pa = pyarrow()
    columns = {key: pa.array([value]) for key, value in row.items()}
    for feature, of_feature in statistics.items():
        for name, value in of_feature.items():
            columns[f"stats/{feature}/{name}"] = pa.array([value.tolist()])
    return pa.table(columns)


def write_table(path: Path, new: Any, *, old: Path | None = None, one_group: bool = False) -> None:
    """Write a table as one row group, behind the row groups of `old` if that is given.

    With `one_group` the rows of both become one: a group costs some hundred bytes a column, which is much
    where an episode is one row of many columns.
    """
    pa, pq = pyarrow(), pyarrow("parquet")
    with pq.ParquetWriter(path, new.schema, compression="snappy") as writer:
        if old is not None:
            with pq.ParquetFile(old) as source:
                if one_group:
                    new = pa.concat_tables([source.read(), new]).combine_chunks()
                else:
                    for group in range(source.num_row_groups):
                        writer.write_table(source.read_row_group(group))
        writer.write_table(new)


def read_table(path: Path, *, columns: Sequence[str] | None = None) -> Any:
    """Read a parquet file.

    Raises:
        DatasetError: it is missing or no parquet file.
    """
    pa, pq = pyarrow(), pyarrow("parquet")
    try:
        with pq.ParquetFile(path) as source:
            return source.read(columns=None if columns is None else list(columns))
    except FileNotFoundError:
        raise DatasetError(f"{path} is missing") from None
    except (OSError, pa.ArrowException) as error:
        raise DatasetError(f"{path} is no parquet file that can be read: {error}") from error


def write_texts(path: Path, texts: Sequence[str], *, kind: str) -> None:
    """Write texts with their numbers as pandas would write a frame that is indexed by the text.

    Args:
        path: `meta/tasks.parquet` or `meta/subtasks.parquet`.
        texts: The text of each number.
        kind: Name of the text's column, `task` or `subtask`; that of the number's is `KIND_index`.
    """
    pa, pq = pyarrow(), pyarrow("parquet")
    number = f"{kind}_index"
    table = pa.table({number: pa.array(range(len(texts)), pa.int64()), kind: pa.array(list(texts))})
    columns = [_pandas_column(number, "int64", "int64"), _pandas_column(kind, "unicode", "object")]
    about = {
        "index_columns": [kind],
        "column_indexes": [
            {
                "name": None,
                "field_name": None,
                "pandas_type": "unicode",
                "numpy_type": "object",
                "metadata": {"encoding": "UTF-8"},
            }
        ],
        "columns": columns,
        "creator": {"library": "pyarrow", "version": pa.__version__},
        "pandas_version": "2.0.0",
    }
    pq.write_table(table.replace_schema_metadata({"pandas": json.dumps(about)}), path)


def read_texts(path: Path, *, kind: str) -> tuple[str, ...]:
    """Return the texts that `write_texts` or pandas wrote, each at its number.

    Raises:
        DatasetError: the file is missing or broken, or does not number its texts 0, 1, 2, …
    """
    table = read_table(path)
    number = f"{kind}_index"
    key = kind if kind in table.column_names else NAMELESS_INDEX
    if key not in table.column_names or number not in table.column_names:
        found = ", ".join(table.column_names)
        raise DatasetError(f"{path} has the columns {found}, expected {kind} and {number}")
    texts = dict(zip(table[number].to_pylist(), table[key].to_pylist(), strict=True))
    if set(texts) != set(range(table.num_rows)):
        numbers = ", ".join(map(str, texts))
        raise DatasetError(f"{path} numbers its {kind}s {numbers}, expected 0 to {table.num_rows - 1}")
    return tuple(str(texts[i]) for i in range(len(texts)))


def _pandas_column(name: str, pandas_type: str, numpy_type: str) -> dict[str, Any]:
    return {
        "name": name,
        "field_name": name,
        "pandas_type": pandas_type,
        "numpy_type": numpy_type,
        "metadata": None,
    }
