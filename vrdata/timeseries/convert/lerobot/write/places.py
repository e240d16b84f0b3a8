"""Names of numbered files: at most 1000 in a folder."""

from __future__ import annotations

from pathlib import Path

CHUNK = 1000
NAME = "chunk-{chunk_index:03d}/file-{file_index:03d}"


class Numbered:
    """Files `chunk-000/file-000.ENDING` and so on in a folder.

    Args:
        folder: where the chunks are.
        ending: of the files.

    Attributes:
        chunk: number of the current chunk.
        file: number of the current file in it; -1 = there is none.
    """

    def __init__(self, folder: Path, ending: str) -> None:
        self._folder, self._ending = folder, ending
        self.chunk, self.file = 0, -1

    def next(self) -> Path:
        """The path of the next file, whose folder exists."""
        self.file += 1
        if self.file == CHUNK:
            self.chunk, self.file = self.chunk + 1, 0
        name = NAME.format(chunk_index=self.chunk, file_index=self.file)
        path = self._folder / f"{name}.{self._ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path
