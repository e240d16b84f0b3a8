"""Job manifests: sizes, restrictions, and the configuration of a pod."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.lives import IMAGE, SYSTEM, profile_object
from vrdata.api.profile import GenerationProfile, GenerationProfileSpec
from vrdata.contract.pod import VARIABLE, PodTask
from vrdata.contract.worker import WorkerConfig
from vrdata.plan.waves import MAX_SHARDS, Wave, to_spans
from vrdata_operator.specs.inputs import describe_manifest
from vrdata_operator.specs.jobs import (
    RunIdentity,
    Shape,
    Try,
    final_manifest,
    owner_reference,
    wave_manifest,
)
from vrdata_operator.specs.pods import store_settings

Json = dict[str, Any]
RUN = RunIdentity("demo", "team", "uid-1")
GIB = 2**30
CLASSES = {
    "O": {"cpu": "500m", "memory": "1Gi", "ephemeralStorage": "3Gi"},
    "G": {
        "cpu": "2",
        "memory": "4Gi",
        "gpu": {"resource": "amd.com/gpu", "count": 2},
        "nodeSelector": {"pool": "gpu"},
        "tolerations": [{"key": "gpu", "operator": "Exists"}, {"key": "a", "value": "b"}],
        "priorityClassName": "batch",
        "runtimeClassName": "gvisor",
        "sampleTimeoutSeconds": 99,
    },
    "M": {"cpu": "3", "memory": "5Gi", "memoryCeiling": "5Gi"},
}
BUCKET = {
    "url": "s3://bucket/root",
    "endpoint": "http://store:9000",
    "region": "here",
    "existingSecret": "keys",
    "accessKeyIdKey": "id",
    "secretAccessKeyKey": "secret",
}


def profile(**spec: Any) -> GenerationProfileSpec:
    given = {"classes": CLASSES, "storage": BUCKET} | spec
    return GenerationProfile.model_validate(profile_object(**given)).spec


def wave(name: str = "O", memory: int = GIB, size: int = 4, number: int = 2) -> Wave:
    shards = [(f"{name}-maze", at) for at in range(size)]
    made = {"plan": "sha256:p", "wave": number, "class": name, "attempt": 1}
    return Wave.model_validate(made | {"memoryBytes": memory, "spans": to_spans(shards)})


def config(spec: GenerationProfileSpec) -> WorkerConfig:
    return WorkerConfig(store=store_settings(spec.storage), prefix="team/demo/", plan="sha256:p")


def job(one: Wave | None = None, run: RunIdentity = RUN, **spec: Any) -> Json:
    own = profile(**spec)
    return wave_manifest(run, own, one or wave(), config(own), Shape(3, suspend=False))


def pod(manifest: Json) -> Json:
    return manifest["spec"]["template"]["spec"]


def container(manifest: Json) -> Json:
    (found,) = pod(manifest)["containers"]
    return found


def task(manifest: Json) -> PodTask:
    (text,) = (one["value"] for one in container(manifest)["env"] if one["name"] == VARIABLE)
    return PodTask.model_validate_json(text)


def every_job() -> list[Json]:
    own = profile()
    owner = owner_reference("GenerationProfile", "default", "uid-p")
    return [
        *(job(wave(name)) for name in "OGM"),
        final_manifest(RUN, own, config(own), Try(), 3),
        describe_manifest(SYSTEM, own, owner),
    ]


def test_a_wave_is_an_indexed_job_that_retries_no_index() -> None:
    spec = job()["spec"]
    assert spec["completionMode"] == "Indexed"
    assert (spec["completions"], spec["parallelism"], spec["suspend"]) == (4, 3, False)
    assert spec["backoffLimitPerIndex"] == 0
    assert spec["podReplacementPolicy"] == "Failed"
    assert "ttlSecondsAfterFinished" not in spec  # its index sets are read after it has ended


def test_the_largest_wave_has_ten_thousand_indexes() -> None:
    assert MAX_SHARDS == 10_000
    assert job(wave(size=MAX_SHARDS))["spec"]["completions"] == 10_000


def test_disruption_and_preemption_are_ignored_and_a_contract_mismatch_fails_the_job() -> None:
    rules = job()["spec"]["podFailurePolicy"]["rules"]
    by_code = {rule["onExitCodes"]["values"][0]: rule for rule in rules if "onExitCodes" in rule}
    assert by_code[40]["action"] == "FailJob"
    assert by_code[10]["action"] == "Ignore"
    (disrupted,) = (rule for rule in rules if "onPodConditions" in rule)
    assert disrupted["action"] == "Ignore"
    assert disrupted["onPodConditions"][0]["type"] == "DisruptionTarget"


@pytest.mark.parametrize(
    ("name", "cpu", "storage"), [("O", "500m", "3Gi"), ("G", "2", "8Gi"), ("M", "3", "8Gi")]
)
def test_pods_request_the_resources_of_their_class(name: str, cpu: str, storage: str) -> None:
    found = container(job(wave(name, memory=7 * GIB)))["resources"]
    assert found["requests"]["cpu"] == cpu
    assert "cpu" not in found["limits"]  # without a CPU limit no pod is throttled
    for kind in ("requests", "limits"):
        assert found[kind]["memory"] == str(7 * GIB)  # of the wave, not of the class
        assert found[kind]["ephemeral-storage"] == storage


def test_only_a_class_with_a_gpu_requests_devices() -> None:
    for kind in ("requests", "limits"):
        assert container(job(wave("G")))["resources"][kind]["amd.com/gpu"] == "2"
        assert "amd.com/gpu" not in container(job(wave("O")))["resources"][kind]
        own = profile(classes={"O": {"gpu": {"count": 1}}})
        final = final_manifest(RUN, own, config(own), Try(), 0)
        assert "nvidia.com/gpu" not in container(final)["resources"][kind]


def test_pods_are_scheduled_to_the_nodes_of_their_class() -> None:
    found = pod(job(wave("G")))
    assert found["nodeSelector"] == {"pool": "gpu"}
    assert found["tolerations"] == [
        {"key": "gpu", "operator": "Exists"},
        {"key": "a", "operator": "Equal", "value": "b"},
    ]
    assert (found["priorityClassName"], found["runtimeClassName"]) == ("batch", "gvisor")
    plain = pod(job(wave("O")))
    for key in ("nodeSelector", "tolerations", "priorityClassName", "runtimeClassName"):
        assert key not in plain


def test_every_pod_is_restricted_and_has_no_token() -> None:
    """The Pod Security Standard `restricted`, and a read-only root file system."""
    for manifest in every_job():
        found = pod(manifest)
        assert found["automountServiceAccountToken"] is False
        assert found["restartPolicy"] == "Never"
        assert found["securityContext"]["runAsNonRoot"] is True
        assert found["securityContext"]["runAsUser"] > 0
        assert found["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        inner = container(manifest)["securityContext"]
        assert inner["allowPrivilegeEscalation"] is False
        assert inner["readOnlyRootFilesystem"] is True
        assert inner["capabilities"] == {"drop": ["ALL"]}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(found)
        assert all(not {"hostPath", "projected"} & set(one) for one in found["volumes"])
        assert container(manifest)["image"] == IMAGE


def test_keys_are_references_to_the_secret_and_never_values() -> None:
    for manifest in every_job():
        env = {one["name"]: one for one in container(manifest)["env"]}
        for name, key in (("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "secret")):
            assert env[name] == {
                "name": name,
                "valueFrom": {"secretKeyRef": {"name": "keys", "key": key}},
            }


def test_without_a_secret_pods_use_their_service_account() -> None:
    manifest = job(storage={"url": "s3://bucket"}, serviceAccount="writer")
    assert {one["name"] for one in container(manifest)["env"]} == {VARIABLE, "HOME"}
    assert pod(manifest)["serviceAccountName"] == "writer"


def test_scratch_has_a_size_limit_and_a_claim_is_mounted() -> None:
    volumes = {one["name"]: one for one in pod(job())["volumes"]}
    assert volumes == {"scratch": {"name": "scratch", "emptyDir": {"sizeLimit": "3Gi"}}}
    manifest = job(storage={"persistentVolumeClaim": "datasets"})
    claim = {one["name"]: one for one in pod(manifest)["volumes"]}["data"]
    assert claim["persistentVolumeClaim"] == {"claimName": "datasets"}
    mounts = {one["name"]: one["mountPath"] for one in container(manifest)["volumeMounts"]}
    assert mounts == {"scratch": "/tmp", "data": "/data"}
    assert store_settings(profile(storage={"persistentVolumeClaim": "datasets"}).storage).url == (
        "file:///data"
    )


def test_a_shard_pod_receives_its_wave_and_the_limits_of_a_block() -> None:
    pod = task(job(wave("G", memory=4 * GIB))).shard
    assert pod is not None
    assert pod.wave == 2
    assert pod.config.prefix == "team/demo/"
    assert pod.config.sample_timeout_seconds == 99
    assert GIB < pod.config.memory_bytes < 4 * GIB
    assert pod.config.scratch_bytes == 6 * GIB  # the pod's 8Gi would end the whole pod
    tiny = task(job(wave(memory=64 * 2**20))).shard
    assert tiny is not None
    assert tiny.config.memory_bytes > 0


def test_pods_of_the_other_tasks_receive_their_settings() -> None:
    own = profile(catalogue="/generators/catalogue.json")
    final = task(final_manifest(RUN, own, config(own), Try(), 3)).finalise
    assert final is not None
    assert final.max_failed_samples == 3
    describe = task(describe_manifest(SYSTEM, own, {})).describe
    assert describe is not None
    assert describe.image_digest == IMAGE.partition("@")[2]
    assert describe.catalogue == "/generators/catalogue.json"


def test_jobs_belong_to_their_run_and_carry_its_labels() -> None:
    manifest = job(wave("G"))
    metadata = manifest["metadata"]
    (owner,) = metadata["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["uid"]) == ("GenerationRun", "demo", "uid-1")
    assert owner["controller"] is owner["blockOwnerDeletion"] is True
    labels = metadata["labels"]
    assert labels["vrdata.dev/run"] == "demo"
    assert labels["vrdata.dev/run-uid"] == "uid-1"
    assert (labels["vrdata.dev/wave"], labels["vrdata.dev/class"]) == ("2", "G")
    assert labels["vrdata.dev/task"] == "shard"
    inner = manifest["spec"]["template"]["metadata"]["labels"]
    assert inner.items() <= labels.items()


def test_every_label_and_name_fits_the_api_server() -> None:
    long = RunIdentity("n" * 40, "team", "8" * 36, "q" * 63)
    manifest = job(wave(number=9999), run=long)
    assert len(manifest["metadata"]["name"]) <= 63
    assert all(len(value) <= 63 for value in manifest["metadata"]["labels"].values())


def test_a_manifest_is_deterministic() -> None:
    assert json.dumps(job(), sort_keys=True) == json.dumps(job(), sort_keys=True)
