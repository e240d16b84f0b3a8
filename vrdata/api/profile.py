"""GenerationProfile: how runs are executed. Written by administrators."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from vrdata.api.metadata import Metadata
from vrdata.api.quantities import QUANTITY, parse_quantity
from vrdata.api.rules import ceiling_above, one_storage
from vrdata.api.source import SOURCE_PREFIX
from vrdata.model import API_VERSION, GeneratorClass, Model

BY_DIGEST = r"^$|@sha256:[0-9a-f]{64}$"
HTTP_SERVER = r"^$|^https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._/-]*)?$"


def _quantity(text: str) -> str:
    parse_quantity(text)
    return text


def _digits(value: object) -> object:
    """A whole number as text: Kubernetes takes `cpu: 1` as well as `cpu: "1"`."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Quantity = Annotated[
    str,
    BeforeValidator(_digits),
    Field(
        max_length=32,
        json_schema_extra={"pattern": QUANTITY, "x-kubernetes-int-or-string": True},
    ),
    AfterValidator(_quantity),
]
Short = Annotated[str, Field(max_length=253)]


class Gpu(Model):
    """The extended resource that a pod asks for."""

    resource: Short = Field(
        default="nvidia.com/gpu", description="Resource name. Default: nvidia.com/gpu."
    )
    count: int = Field(default=0, ge=0, le=64, description="Number of devices per pod. Default: 0.")


class Toleration(Model):
    """A toleration, as in a pod."""

    key: Short = Field(default="", description="Taint key. Example: gpu.")
    operator: Literal["Exists", "Equal"] = Field(
        default="Equal", description="Exists or Equal. Default: Equal."
    )
    value: Short = Field(default="", description="Taint value. Example: reserved.")
    effect: Literal["", "NoSchedule", "PreferNoSchedule", "NoExecute"] = Field(
        default="", description="Taint effect; empty means every effect."
    )


class ClassResources(Model):
    """What one generator child of a class may use."""

    cpu: Quantity = Field(default="1", description="CPU cores. Default: 1. Example: 500m.")
    memory: Quantity = Field(default="2Gi", description="Memory in bytes. Default: 2Gi.")
    memory_ceiling: Quantity = Field(
        default="8Gi",
        description="Largest memory that a shard is retried with after running out of it. "
        "Default: 8Gi.",
    )
    ephemeral_storage: Quantity = Field(
        default="8Gi",
        description="Scratch space in bytes; one block uses at most three quarters of it. "
        "Default: 8Gi.",
    )
    gpu: Gpu | None = Field(default=None, description="GPU request. Example: {count: 1}.")
    node_selector: dict[str, str] = Field(
        default_factory=dict, description="Labels of the nodes. Example: {pool: gpu}."
    )
    tolerations: tuple[Toleration, ...] = Field(
        default=(), max_length=32, description="Tolerated taints. Example: [{key: gpu}]."
    )
    priority_class_name: Short = Field(default="", description="Priority class. Example: batch.")
    runtime_class_name: Short = Field(default="", description="Runtime class. Example: gvisor.")
    sample_timeout_seconds: int = Field(
        default=600,
        ge=1,
        le=86_400,
        description="Longest pause between two samples, in seconds. Default: 600.",
    )

    @model_validator(mode="after")
    def _ceiling(self) -> ClassResources:
        ceiling_above(self.memory, self.memory_ceiling)
        return self

    @property
    def block_scratch_bytes(self) -> int:
        """Scratch space of one block; the rest is for the archives of shards."""
        return int(parse_quantity(self.ephemeral_storage)) * 3 // 4


class DynamicResources(ClassResources):
    """Dynamic generators keep more frames in memory."""

    memory: Quantity = Field(default="4Gi", description="Memory in bytes. Default: 4Gi.")
    memory_ceiling: Quantity = Field(
        default="16Gi",
        description="Largest memory that a shard is retried with after running out of it. "
        "Default: 16Gi.",
    )


class Classes(Model):
    """Resources by generator class."""

    O: ClassResources = Field(  # noqa: E741 - the class's name
        default=ClassResources(), alias="O", description="Static generators."
    )
    G: DynamicResources = Field(
        default=DynamicResources(), alias="G", description="Dynamic generators."
    )
    M: ClassResources = Field(
        default=ClassResources(), alias="M", description="Importers of existing data."
    )

    def of(self, name: GeneratorClass) -> ClassResources:
        """Resources of one class."""
        by_name: dict[GeneratorClass, ClassResources] = {"O": self.O, "G": self.G, "M": self.M}
        return by_name[name]


class Storage(Model):
    """Where runs are stored: a bucket, or a claim."""

    url: Short = Field(default="", description="Root of all data. Example: s3://bucket/prefix.")
    endpoint: Short = Field(default="", description="URL of an S3-compatible server. Default: AWS.")
    region: Short = Field(default="", description="Region of the bucket. Example: eu-west-1.")
    existing_secret: Short = Field(
        default="", description="Name of the Secret with the keys. Default: ambient identity."
    )
    access_key_id_key: Short = Field(
        default="access-key-id", description="Key of the access key id in the Secret."
    )
    secret_access_key_key: Short = Field(
        default="secret-access-key", description="Key of the secret access key in the Secret."
    )
    persistent_volume_claim: Short = Field(
        default="", description="Name of a PersistentVolumeClaim. Example: datasets."
    )

    @model_validator(mode="after")
    def _one(self) -> Storage:
        one_storage(self.url, self.persistent_volume_claim)
        return self


class Sources(Model):
    """Existing data that converters may read, and the token for it."""

    allowed: tuple[
        Annotated[str, Field(min_length=5, max_length=500, pattern=SOURCE_PREFIX)], ...
    ] = Field(
        default=(),
        max_length=64,
        description="URLs of sources that runs can read; each allows itself and what is below it. "
        "hf:// allows every Hub dataset. Default: none. "
        "Example: [hf://OpenMOSS-Team/, s3://bucket/raw].",
    )
    existing_secret: Short = Field(
        default="",
        description="Name of the Secret with the token of the Hub, in every namespace with runs. "
        "Only pods that read a source get it. Default: no token. Example: hub.",
    )
    token_key: Annotated[str, Field(min_length=1, max_length=253)] = Field(
        default="token", description="Key of the token in the Secret. Default: token."
    )
    hub_endpoint: Annotated[str, Field(max_length=253, pattern=HTTP_SERVER)] = Field(
        default="",
        description="URL of a mirror of the Hub. Default: https://huggingface.co. "
        "Example: https://hub.example.com.",
    )


class Limits(Model):
    """The largest run that the profile allows."""

    max_samples: int = Field(
        default=10_000_000, ge=1, description="Samples of one run. Default: 10000000."
    )
    max_parallelism: int = Field(
        default=1000, ge=1, le=10_000, description="Number of concurrent shards. Default: 1000."
    )


class GenerationProfileSpec(Model):
    """How runs of this profile are executed."""

    image: str = Field(
        default="",
        max_length=512,
        pattern=BY_DIGEST,
        description="Worker image, by digest. Example: registry/worker@sha256:….",
    )
    service_account: Short = Field(
        default="", description="Service account of the workers. Example: vrdata-worker."
    )
    storage: Storage = Field(default=Storage(), description="Where runs are stored.")
    catalogue: Short = Field(
        default="", description="Catalogue file inside the image. Default: that of the image."
    )
    classes: Classes = Field(default=Classes(), description="Resources by generator class.")
    limits: Limits = Field(default=Limits(), description="Limits for each run.")
    sources: Sources = Field(
        default=Sources(), description="Existing data that converters (class M) may read."
    )
    hermetic: Literal["Any", "Kernel"] = Field(
        default="Any",
        description="How far the kernel must sandbox generators. Kernel: a worker whose kernel "
        "lacks Landlock or seccomp generates nothing, and the run fails. Any: it generates with "
        "what the kernel has, and dataset.json records the level. Default: Any.",
    )
    allowed_queues: tuple[Short, ...] = Field(
        default=(), max_length=64, description="Queues that runs can use. Example: [gpu]."
    )

    @property
    def required_level(self) -> Literal["kernel"] | None:
        """The level that `hermetic` requires; None = any."""
        return "kernel" if self.hermetic == "Kernel" else None


class GenerationProfile(Model):
    """An administrator's choice of image, resources, storage and limits."""

    api_version: Literal["vrdata.dev/v1alpha1"] = API_VERSION
    kind: Literal["GenerationProfile"] = "GenerationProfile"
    metadata: Metadata = Field(description="Name. Example: {name: default}.")
    spec: GenerationProfileSpec = Field(
        default=GenerationProfileSpec(), description="How runs are executed."
    )


def default_profile() -> GenerationProfile:
    """The profile of a local run that names none."""
    return GenerationProfile(metadata=Metadata(name="default"))
