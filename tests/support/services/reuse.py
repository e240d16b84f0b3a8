"""What all tests of a process share, because each of them would create it again."""

from __future__ import annotations

import functools


def share_service_models() -> None:
    """Let all boto3 sessions of this process share the parsed service models.

    Each test opens its own stores; parsing the model of S3 takes 0.15 s of CPU.
    """
    from botocore import loaders, session

    session.create_loader = functools.cache(loaders.create_loader)


def share_commands() -> None:
    """Let typer's CliRunner build the commands of an app once, which takes 0.15 s of CPU."""
    from typer import main, testing

    testing._get_command = functools.cache(main.get_command)  # type: ignore[attr-defined]
