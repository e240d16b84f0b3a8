"""Jobs that read sources: the token, the servers, and who does not get them."""

from __future__ import annotations

from typing import Any

from support.lives import SYSTEM, Json, profile_object
from support.operator.fakepods import task_of
from vrdata.api.profile import GenerationProfile, GenerationProfileSpec
from vrdata.api.run import GenerationRunSpec
from vrdata.contract.pod import VARIABLE, ResolvePod
from vrdata.contract.worker import StoreSettings, WorkerConfig
from vrdata.plan.waves import Wave
from vrdata_operator.specs.inputs import describe_manifest, resolve_manifest
from vrdata_operator.specs.jobs import Shape, Try, final_manifest, index_manifest, wave_manifest
from vrdata_operator.specs.pods import store_settings
from vrdata_operator.state.identity import RunIdentity

GIB = 2**30
RUN = RunIdentity("demo", "team", "uid-1")
SPEC = GenerationRunSpec.model_validate(
    {"generators": [{"name": "M-import", "source": {"url": "hf://org/name"}}]}
)
RESOLVE = ResolvePod(store=StoreSettings(url="s3://bucket"), prefix="team/demo/", spec=SPEC)
SOURCES = {"existingSecret": "hub", "hubEndpoint": "https://hub.example.com"}
BUCKET = {"url": "s3://bucket", "endpoint": "http://store:9000", "region": "here"}


def profile(**spec: Any) -> GenerationProfileSpec:
    given = {"sources": SOURCES, "storage": BUCKET | {"existingSecret": "keys"}} | spec
    return GenerationProfile.model_validate(profile_object(**given)).spec


def resolve(own: GenerationProfileSpec, number: int = 0, memory: int = GIB) -> Json:
    return resolve_manifest(RUN, own, RESOLVE, number, memory)


def wave(own: GenerationProfileSpec, name: str = "M", *, reads: bool = False) -> Json:
    made = {"plan": "sha256:p", "wave": 0, "class": name, "attempt": 0, "memoryBytes": GIB}
    one = Wave.model_validate(made | {"spans": [{"generator": f"{name}-x", "first": 0, "last": 3}]})
    return wave_manifest(RUN, own, one, config(own), Shape(3, suspend=False), reads_sources=reads)


def config(own: GenerationProfileSpec) -> WorkerConfig:
    return WorkerConfig(store=store_settings(own.storage), prefix="team/demo/", plan="sha256:p")


def variables(manifest: Json) -> Json:
    (container,) = manifest["spec"]["template"]["spec"]["containers"]
    return {one["name"]: one for one in container["env"]}


def test_a_pod_that_reads_sources_gets_the_token_and_the_servers() -> None:
    own = profile()
    for manifest in (resolve(own), wave(own, reads=True)):
        env = variables(manifest)
        reference = {"secretKeyRef": {"name": "hub", "key": "token"}}
        assert env["HF_TOKEN"] == {"name": "HF_TOKEN", "valueFrom": reference}
        assert env["HF_ENDPOINT"]["value"] == "https://hub.example.com"
        # An s3:// source is on the server of the storage, and is read with its keys.
        assert env["AWS_ENDPOINT_URL_S3"]["value"] == "http://store:9000"
        assert env["AWS_DEFAULT_REGION"]["value"] == "here"
        assert env["AWS_ACCESS_KEY_ID"]["valueFrom"]["secretKeyRef"]["name"] == "keys"


def test_other_pods_get_no_token() -> None:
    own = profile()
    manifests = [
        *(wave(own, name) for name in "OGM"),
        final_manifest(RUN, own, config(own), Try(), 3),
        index_manifest(RUN, own, config(own), Try(), 3),
        describe_manifest(SYSTEM, own, {}),
    ]
    for manifest in manifests:
        assert not {"HF_TOKEN", "HF_ENDPOINT"} & variables(manifest).keys()


def test_without_a_secret_sources_are_read_without_a_token() -> None:
    own = profile(storage={"url": "s3://bucket"}, sources={})
    assert variables(resolve(own)).keys() == {VARIABLE, "HOME"}


def test_the_job_that_pins_sources_retries_nothing_and_has_no_gpu() -> None:
    manifest = resolve(profile(classes={"M": {"gpu": {"count": 1}}}), 3, 3 * GIB)
    assert manifest["metadata"]["name"].endswith("-sources-3")
    assert manifest["spec"]["backoffLimit"] == 0
    (container,) = manifest["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["limits"]["memory"] == str(3 * GIB)
    assert "nvidia.com/gpu" not in container["resources"]["limits"]
    assert task_of(manifest).resolve == RESOLVE


def test_the_pod_that_pins_sources_is_as_restricted_as_every_worker() -> None:
    own = profile()
    resolving, generating = (one["spec"]["template"]["spec"] for one in (resolve(own), wave(own)))
    for key in ("securityContext", "automountServiceAccountToken", "restartPolicy"):
        assert resolving[key] == generating[key]
    assert [one["securityContext"] for one in resolving["containers"]] == [
        one["securityContext"] for one in generating["containers"]
    ]
