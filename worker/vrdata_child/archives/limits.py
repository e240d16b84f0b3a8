"""How much an archive can contain."""

from __future__ import annotations

from dataclasses import dataclass

from vrdata_child.archives.names import UnsafeArchiveError

RATIO = 1000  # about the most that deflate(RFC 1951) compresses real data
RATIO_BYTES = 2**26  # smaller archives can have any ratio
_CLUSTER = 4096  # bytes: a smaller file takes as much space


@dataclass(slots=True)
class Contents:
    """Counts what is unpacked.

    Attributes:
        archive: size of the archive in bytes.
        limit: bytes on the disk.
        most: number of files and folders.
        files: so far.
        bytes: on the disk, so far.
    """

    archive: int
    limit: int
    most: int
    files: int = 0
    bytes: int = 0

    def add(self, size: int) -> None:
        """Add a file or folder before it is written.

        Args:
            size: that its header declares.

        Raises:
            UnsafeArchiveError: it is too much.
        """
        self.files += 1
        self.bytes += -(-max(1, size) // _CLUSTER) * _CLUSTER
        if self.files > self.most:
            raise UnsafeArchiveError(f"it has more than {self.most} files")
        if self.bytes > self.limit:
            raise UnsafeArchiveError(
                f"its files need more than the {self.limit} bytes of scratch space for them"
            )
        if self.bytes - _CLUSTER * self.files > max(RATIO_BYTES, RATIO * self.archive):
            raise UnsafeArchiveError(f"its files are more than {RATIO} times as large as it is")
