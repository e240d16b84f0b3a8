"""The metadata that every object carries."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from vrdata.model import Model

DNS_LABEL = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
# Names of Jobs are made from the run's name; 63 characters are a label's limit.
MAX_RUN_NAME = 40

Name = Annotated[str, Field(pattern=DNS_LABEL, min_length=1, max_length=MAX_RUN_NAME)]
Namespace = Annotated[str, Field(pattern=DNS_LABEL, min_length=1, max_length=63)]


class Metadata(Model):
    """Name and namespace; other fields that Kubernetes adds are let through and not used."""

    model_config = ConfigDict(extra="ignore")

    name: Name = Field(
        description="Name of the object: lower-case letters, digits and dashes, at most 40 "
        "characters. Example: demo."
    )
    namespace: Namespace = Field(
        default="default",
        description="Namespace; part of the output's path. Default: default.",
    )
    labels: dict[str, str] = Field(
        default_factory=dict, description="Labels. Example: {team: vision}."
    )
    annotations: dict[str, str] = Field(
        default_factory=dict, description="Annotations. Example: {ticket: VR-7}."
    )
