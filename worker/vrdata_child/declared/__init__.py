"""Give a pipeline's own download code the declared sources, and refuse everything else by name."""

from __future__ import annotations

import os
from pathlib import Path

from vrdata_child.declared import missing
from vrdata_child.declared.programs import standins
from vrdata_child.declared.transports import hook
from vrdata_child.declared.transports.service import Service

# The libraries ask for credentials before they ask a server; these have no meaning.
_AWS = {
    "AWS_ACCESS_KEY_ID": "declared",
    "AWS_SECRET_ACCESS_KEY": "declared",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
_HUB = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_XET": "1",
    "HF_HUB_ENABLE_HF_TRANSFER": "0",
    "HF_HUB_OFFLINE": "0",
}
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def install(block_folder: Path) -> Path:
    """Let this process and the programs that it starts use the declared sources.

    Call it in the process of a block, before the pipeline's script.

    Args:
        block_folder: of the block, with `sources.json`.

    Returns:
        The folder of the stand-in programs, which is the first one of PATH.

    Raises:
        OSError, ValueError, KeyError: `sources.json` is missing or malformed.
    """
    folder = block_folder.resolve()
    programs = standins.write(folder)
    os.environ.update(_AWS | _HUB)
    os.environ["HF_HOME"] = str(folder / "home" / ".cache" / "huggingface")
    os.environ["IMAGEIO_FFMPEG_EXE"] = str(programs / "ffmpeg")
    for name in _PROXIES:
        os.environ.pop(name, None)
    _prepend("PATH", programs)
    _prepend("PYTHONPATH", folder / standins.MODULES)
    join(folder)
    return programs


def join(folder: Path) -> None:
    """Let this process use the declared sources of a block; a started interpreter calls it.

    Args:
        folder: of the block.

    Raises:
        OSError, ValueError, KeyError: as `install`.
    """
    service = Service.of(folder)
    hook.install(service)
    missing.install(service.recorder)


def _prepend(variable: str, folder: Path) -> None:
    others = [place for place in os.environ.get(variable, "").split(os.pathsep) if place]
    kept = [place for place in others if place != str(folder)]
    os.environ[variable] = os.pathsep.join([str(folder), *kept])
