"""The run file that `vrdata init` writes."""

from __future__ import annotations

import re

from vrdata.api.metadata import DNS_LABEL, MAX_RUN_NAME
from vrdata.api.rules import RESERVED_NAMES, WHY_RESERVED
from vrdata.errors import InvalidInputError

_TEXT = """\
# What to make. `vrdata run FILE --local` makes it on this machine; a cluster takes the same file.
apiVersion: vrdata.dev/v1alpha1
kind: GenerationRun
metadata:
  name: {name}
spec:
  # The run's seed. The same seed, generators and versions give the same bytes.
  seed: 42

  # Samples of each generator without its own number.
  samples: 6

  # Names or globs (O-*, G-*, *); see `vrdata generators list`.
  generators:
    - name: O-*
    - name: G-*
      samples: 4

  output:
    format: webdataset   # webdataset | tar | files | parquet
    video: h264          # h264 | asIs (keep the generator's own bytes)

  # Number of samples that may fail, and of retries of a failed shard.
  failurePolicy:
    maxFailedSamples: 0
    retries: 2

  # Samples of one shard. Default: at most 512 samples, 256 MiB or 10 minutes.
  # shardSize: 300

  # Number of concurrent shards. Default: what the machine allows.
  # parallelism: 4
"""


def example_run(name: str) -> str:
    """A commented run file.

    Raises:
        InvalidInputError: the name cannot be a run's.
    """
    if name in RESERVED_NAMES:
        raise InvalidInputError(
            f"{name} cannot be the name of a run", why=WHY_RESERVED, fix="use another name"
        )
    if not re.fullmatch(DNS_LABEL, name) or len(name) > MAX_RUN_NAME:
        raise InvalidInputError(
            f"{name!r} cannot be the name of a run",
            fix=f"use lower-case letters, digits and dashes, at most {MAX_RUN_NAME}",
        )
    return _TEXT.format(name=name)
