"""Pods without a kubelet: they read their task as workers do, and write what workers write."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from support.objects import put
from support.operator.fakecluster import FakeCluster
from support.operator.fakeoutputs import (
    DATA,
    commit,
    finalise,
    is_committed,
    missing_shards,
    pin,
    write_indexes,
)
from support.operator.fakepods import end, has_ended, pod_object, task_of, waits
from support.operator.index_sets import format_index_set
from vrdata.contract.pod import (
    DescribePod,
    FinalisePod,
    IndexPod,
    ResolvePod,
    ShardPod,
)
from vrdata.dataset import layout
from vrdata.dataset.reader import load_model
from vrdata.errors import InvalidInputError
from vrdata.plan.catalogue import CatalogueEntry, ImageCatalogue
from vrdata.plan.planned import Plan, Shard
from vrdata.plan.waves import Wave
from vrdata.store.opening import PrefixedStore
from vrdata.store.port import ObjectNotFoundError, ObjectStore
from vrdata_operator.state.index_sets import parse_index_set
from vrdata_worker.failures import ShardFailedError

Json = dict[str, Any]
VERSIONS = {"vrdata": "1"}


@dataclass(frozen=True)
class Try:
    """One attempt of one shard, which a script of failures decides about."""

    shard: Shard
    attempt: int
    memory: int
    allowed: int


# The reason of the failure; empty: the shard is committed. GONE leaves no pod and no record.
Script = Callable[[Try], str]
GONE = "Gone"


FinalScript = Callable[[str], str]  # the same of a try of finalisation, by the name of its Job
# Of a try to pin sources: reason and message of its failure; None: the sources are pinned.
SourceScript = Callable[[str], tuple[str, str] | None]


def always_well(_attempt: Try) -> str:
    """Every attempt succeeds."""
    return ""


@dataclass
class Workers:
    """All pods of a cluster; `work` advances them by one step.

    Attributes:
        store: the root that profiles name.
        entries: generators of the worker image.
        script: which attempts fail, and why.
        items: of each source.
        tries: every attempt so far.
        left_out: number of failed samples, by shard.
        retry: what another attempt can change, in the records of failures.
        sample: the failed sample, in the same records.
        finish: writes the outputs of a run in its store.
    """

    cluster: FakeCluster
    store: ObjectStore
    entries: tuple[CatalogueEntry, ...]
    script: Script = always_well
    final_script: FinalScript = lambda _job: ""
    source_script: SourceScript = lambda _job: None
    items: int = 40
    tries: list[Try] = field(default_factory=list)
    left_out: dict[Shard, int] = field(default_factory=dict)
    retry: str = "Useful"
    sample: int | None = None
    finish: Callable[[ObjectStore], None] = finalise

    def work(self) -> None:
        """Let each Job that is not suspended run one batch of pods."""
        for job in list(self.cluster.jobs.values()):
            if job["spec"].get("suspend") or has_ended(job):
                continue
            task = task_of(job)
            if task.describe is not None:
                self._describe(job, task.describe)
            elif task.resolve is not None:
                self._resolve(job, task.resolve)
            elif task.index is not None:
                self._index(job, task.index)
            elif task.finalise is not None:
                self._finalise(job, task.finalise)
            elif task.shard is not None:
                self._shards(job, task.shard)

    def _describe(self, job: Json, pod: DescribePod) -> None:
        answer = ImageCatalogue(
            image_digest=pod.image_digest, versions=VERSIONS, generators=self.entries
        )
        key = layout.catalogue_key(pod.image_digest, pod.catalogue)
        put(self.store, key, answer.to_json())
        end(job, "Complete", "CompletionsReached")

    def _resolve(self, job: Json, pod: ResolvePod) -> None:
        failure = self.source_script(job["metadata"]["name"])
        if failure is not None:
            self._end_final(job, *failure)
            return
        pin(PrefixedStore(self.store, pod.prefix), pod.spec, self.items, pod.places or {})
        end(job, "Complete", "CompletionsReached")

    def _finalise(self, job: Json, pod: FinalisePod) -> None:
        store = PrefixedStore(self.store, pod.config.prefix)
        if waits(job) and next(missing_shards(store), None):
            job["status"]["active"] = job["status"]["ready"] = 1
            return
        if self._fails(job):
            return
        try:
            self.finish(store)
        except ShardFailedError as error:
            self._end_final(job, str(error.failure.reason), error.failure.message)
            return
        end(job, "Complete", "CompletionsReached")

    def _index(self, job: Json, pod: IndexPod) -> None:
        if self._fails(job):
            return
        write_indexes(PrefixedStore(self.store, pod.config.prefix))
        end(job, "Complete", "CompletionsReached")

    def _fails(self, job: Json) -> bool:
        """Whether this try of finalisation fails; its pod leaves what a real one leaves."""
        reason = self.final_script(job["metadata"]["name"])
        if reason:
            self._end_final(job, reason, "why")
        return bool(reason)

    def _end_final(self, job: Json, reason: str, message: str) -> None:
        name, labels = job["metadata"]["name"], job["spec"]["template"]["metadata"]["labels"]
        end(job, "Failed", "BackoffLimitExceeded")
        ended: Json = {"exitCode": 137, "reason": "OOMKilled"}
        if reason != "OOMKilled":
            ended = {"exitCode": 30, "message": json.dumps({"reason": reason, "message": message})}
        if reason != "Disrupted":  # the pod of a disrupted try is gone
            self.cluster.pods.append(pod_object(job, f"{name}-x", None, labels, ended))

    def _shards(self, job: Json, pod: ShardPod) -> None:
        store = PrefixedStore(self.store, pod.config.prefix)
        status, spec = job["status"], job["spec"]
        try:
            wave = load_model(store, layout.wave_key(pod.wave), Wave)
            plan = load_model(store, layout.PLAN, Plan)
        except (ObjectNotFoundError, InvalidInputError) as error:
            self._fail_without_wave(job, str(error))
            return
        done = parse_index_set(status.get("completedIndexes", ""))
        failed = parse_index_set(status.get("failedIndexes", ""))
        left = [index for index in range(wave.size) if index not in done | failed]
        for index in left[: spec["parallelism"]]:
            shard = wave.shard(index)
            attempt = Try(shard, wave.attempt, wave.memory_bytes, wave.allow_failed_samples)
            self.tries.append(attempt)
            skip = is_committed(store, shard) and not wave.repair
            reason = "" if skip else self.script(attempt)
            if reason in ("ContractMismatch", "NotHermetic"):
                if reason == "NotHermetic":
                    self._fail(store, job, index, attempt, reason, wave.run)
                end(job, "Failed", "PodFailurePolicy", "exit 40")
                return
            if reason:
                self._fail(store, job, index, attempt, reason, wave.run)
                failed |= {index}
            else:
                if not is_committed(store, shard):
                    commit(store, plan, shard, self.left_out.get(shard, 0), wave.attempt)
                elif wave.repair:
                    store.delete(layout.shard_tar_key(*shard))
                    put(store, layout.shard_tar_key(*shard), DATA)
                done |= {index}
        status["completedIndexes"] = format_index_set(done)
        status["failedIndexes"] = format_index_set(failed)
        open_ = wave.size - len(done) - len(failed)
        status["active"] = status["ready"] = min(open_, spec["parallelism"])
        if not open_:
            end(job, "Failed", "FailedIndexes") if failed else end(job, "Complete", "Completed")

    def _fail_without_wave(self, job: Json, message: str) -> None:
        """Pods that find no wave or no plan know no shard, so they store no record."""
        status, spec = job["status"], job["spec"]
        ended = parse_index_set(status.get("completedIndexes", ""))
        failed = parse_index_set(status.get("failedIndexes", ""))
        left = [index for index in range(spec["completions"]) if index not in ended | failed]
        name, labels = job["metadata"]["name"], spec["template"]["metadata"]["labels"]
        for index in left[: spec["parallelism"]]:
            words = json.dumps({"reason": "OutputChanged", "message": message})
            pod = pod_object(
                job, f"{name}-{index}", index, labels, {"exitCode": 30, "message": words}
            )
            self.cluster.pods.append(pod)
            failed |= {index}
        status["failedIndexes"] = format_index_set(failed)
        if len(failed | ended) == spec["completions"]:
            end(job, "Failed", "FailedIndexes")

    def _fail(
        self, store: ObjectStore, job: Json, index: int, tried: Try, reason: str, run: str
    ) -> None:
        if reason == GONE:
            return
        labels = job["spec"]["template"]["metadata"]["labels"]
        name = job["metadata"]["name"]
        ended: Json = {"exitCode": 137 if reason == "OOMKilled" else 20}
        if reason == "OOMKilled":  # the kernel killed the supervisor: only the kubelet knows
            ended["reason"] = "OOMKilled"
        elif reason == "StorageUnavailable":  # no record can be stored
            words = {"reason": reason, "message": "access denied"}
            ended = {"exitCode": 30, "message": json.dumps(words)}
        else:
            words = {"reason": reason, "message": f"why {reason}", "run": run, "retry": self.retry}
            words |= {"sample": self.sample} if self.sample is not None else {}
            record = {"attempt": tried.attempt} | words
            body = json.dumps(record).encode()
            put(store, layout.failure_key(*tried.shard, tried.attempt), body)
        self.cluster.pods.append(pod_object(job, f"{name}-{index}", index, labels, ended))
