"""Unpack: `ARCHIVE FOLDER MAX_BYTES MAX_FILES`; prints why it could not, in one line of JSON."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from vrdata_child.archives.limits import Contents
from vrdata_child.archives.names import UnsafeArchiveError
from vrdata_child.archives.unpack import unpack

MEMORY_BYTES = 2**31  # an archive can ask for a dictionary of 4 GiB


def main() -> None:
    """Unpack one archive; the process is in a sandbox."""
    archive, folder, most_bytes, most_files = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    contents = Contents(Path(archive).stat().st_size, int(most_bytes), int(most_files))
    number, error = 0, ""
    try:
        unpack(Path(archive), Path(folder), contents)
    except UnsafeArchiveError as refused:
        error = str(refused)
    except OSError as failed:
        number, error = failed.errno or 0, str(failed)
    except MemoryError:
        error = "it needs too much memory"
    sys.stdout.write(json.dumps({"error": error[:2000], "errno": number}) + "\n")


if __name__ == "__main__":
    main()
