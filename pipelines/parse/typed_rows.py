"""The typed rows of one file: in memory while they are few, on disk once they are many.

A stock of millions of dossiers is judged and loaded in the memory of a small machine. What a row means is not known
here; personal columns have ended before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl
import pyarrow as pa

from pipelines.parse.scratch import ScratchFolder

MOST_ROWS_IN_MEMORY = 200_000


@dataclass(frozen=True)
class TypedRows:
    """Rows with `row_number` (Int64) and the contract's stored columns.

    Attributes:
        schema: Their columns and types.
        parts: The rows, part by part, each in memory or in a file that lives as long as this object.
        left_out: Row numbers that no longer count: rejected rows and repetitions.
    """

    schema: pl.Schema
    parts: tuple[pl.DataFrame | Path, ...]
    left_out: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.Int64()))
    _folder: ScratchFolder | None = None

    @classmethod
    def of_frame(cls, frame: pl.DataFrame) -> TypedRows:
        """Rows that are in memory already."""
        return cls(frame.schema, (frame,))

    @property
    def height(self) -> int:
        """How many rows there are; counted, for the ledger rests on it."""
        numbers = (
            part.get_column("row_number")
            if isinstance(part, pl.DataFrame)
            else pl.read_parquet(part, columns=["row_number"]).to_series()
            for part in self.parts
        )
        return sum(len(own) - int(own.is_in(self.left_out.implode()).sum()) for own in numbers)

    def without(self, row_numbers: pl.Series) -> TypedRows:
        """The same rows but these."""
        return replace(self, left_out=pl.concat([self.left_out, row_numbers.cast(pl.Int64)]).unique())

    def frames(self) -> Iterator[pl.DataFrame]:
        """The rows in frames that fit in memory; an empty one if there are none."""
        found = False
        for part in self.parts:
            frame = part if isinstance(part, pl.DataFrame) else pl.read_parquet(part)
            frame = frame.filter(~pl.col("row_number").is_in(self.left_out.implode())) if len(self.left_out) else frame
            found = found or not frame.is_empty()
            if not frame.is_empty():
                yield frame
        if not found:
            yield pl.DataFrame(schema=self.schema)

    def record_batches(self) -> pa.RecordBatchReader:
        """The rows as a stream that DuckDB reads in one statement, so that it need not hold them all."""
        schema = pl.DataFrame(schema=self.schema).to_arrow().schema
        batches = (batch for frame in self.frames() for batch in frame.to_arrow().cast(schema).to_batches())
        return pa.RecordBatchReader.from_batches(schema, batches)

    def frame(self) -> pl.DataFrame:
        """All rows in one frame: for few rows only."""
        return pl.concat(self.frames())


class TypedRowsWriter:
    """Takes typed rows part by part.

    Args:
        folder: Where parts go once the rows are many; the system's temporary folder if None.
    """

    def __init__(self, folder: Path | None) -> None:
        self._parent = folder
        self._folder: ScratchFolder | None = None
        self._parts: list[pl.DataFrame | Path] = []
        self._rows_in_memory = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Takes one part; all parts have one schema."""
        self._rows_in_memory += frame.height
        self._parts.append(frame)
        if self._rows_in_memory > MOST_ROWS_IN_MEMORY:
            self._folder = self._folder or ScratchFolder(self._parent)
            self._parts = [self._on_disk(part, number, self._folder) for number, part in enumerate(self._parts)]
            self._rows_in_memory = 0

    def written(self, schema: pl.Schema) -> TypedRows:
        """What was taken."""
        return TypedRows(schema, tuple(self._parts), _folder=self._folder)

    @staticmethod
    def _on_disk(part: pl.DataFrame | Path, number: int, folder: ScratchFolder) -> Path:
        if isinstance(part, Path):
            return part
        file = folder.path / f"part-{number}.parquet"
        part.write_parquet(file, compression="lz4", statistics=False)
        return file
