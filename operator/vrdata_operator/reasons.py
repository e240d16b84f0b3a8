"""Every reason of a condition, with its meaning and what to do.

No other module spells a reason, and the tables of docs/cluster.md are generated from this one.
Users' scripts depend on reasons, so existing ones never change.
"""

from __future__ import annotations

from vrdata_operator.topics import Explained, Topic


class Reason(Explained):
    """The reason of a condition."""

    # The run is not accepted.
    UNKNOWN_PROFILE = (
        "UnknownProfile",
        Topic.BLOCKED,
        "The operator's namespace has no such GenerationProfile",
        "Set spec.profile to an existing profile, or ask an administrator to create this one",
    )
    INVALID_PROFILE = (
        "InvalidProfile",
        Topic.BLOCKED,
        "The GenerationProfile is incomplete or invalid",
        "Ask an administrator to fix the profile, or set spec.profile to another one",
    )
    INVALID_SPEC = (
        "InvalidSpec",
        Topic.BLOCKED,
        "A field of the run is invalid",
        "Fix the field that the message names",
    )
    UNKNOWN_GENERATOR = (
        "UnknownGenerator",
        Topic.BLOCKED,
        "The profile's image does not contain the generator",
        "Name a generator of the image, or use a profile whose image contains it",
    )
    TOO_MANY_SAMPLES = (
        "TooManySamples",
        Topic.BLOCKED,
        "The run requests more samples than the profile allows",
        "Request fewer samples, or use another profile",
    )
    TOO_MUCH_PARALLELISM = (
        "TooMuchParallelism",
        Topic.BLOCKED,
        "spec.parallelism is larger than the profile allows",
        "Reduce it, or use another profile",
    )
    QUEUE_NOT_ALLOWED = (
        "QueueNotAllowed",
        Topic.BLOCKED,
        "The profile does not allow the queue in spec.queueName",
        "Use an allowed queue, or another profile",
    )
    SOURCE_NOT_ALLOWED = (
        "SourceNotAllowed",
        Topic.BLOCKED,
        "The profile does not allow a source of the run",
        "Use another source, or ask an administrator to add it to the profile's sources.allowed",
    )
    READING_CATALOGUE = (
        "ReadingCatalogue",
        Topic.BLOCKED,
        "A Job is reading which generators the profile's image contains",
        "Wait: this happens once for each image and takes a few seconds",
    )
    CATALOGUE_UNREADABLE = (
        "CatalogueUnreadable",
        Topic.BLOCKED,
        "The operator cannot read which generators the profile's image contains",
        "Fix the image or the storage, then delete the Job; the operator creates it again",
    )
    RESOLVING_SOURCES = (
        "ResolvingSources",
        Topic.BLOCKED,
        "A Job is listing the items of the run's sources",
        "Wait: this happens once for each run",
    )
    SOURCE_NOT_FOUND = (
        "SourceNotFound",
        Topic.BLOCKED,
        "A source does not exist, or lacks what the run names",
        "Fix the source in the run; or add what is missing, then delete the Job",
    )
    INVALID_SOURCE = (
        "InvalidSource",
        Topic.BLOCKED,
        "The items of a source cannot be listed",
        "Fix the source, then delete the Job; the operator creates it again",
    )
    SOURCE_CHANGED = (
        "SourceChanged",
        Topic.BLOCKED,
        "A source is not the one that the run began with",
        "Restore the source, then delete the Job; or use another metadata.name",
    )
    # Pods do not start.
    WAITING_IN_QUEUE = (
        "WaitingInQueue",
        Topic.BLOCKED,
        "The queue has not admitted the Jobs",
        "See `kubectl get workloads` in the run's namespace",
    )
    UNSCHEDULABLE = (
        "Unschedulable",
        Topic.BLOCKED,
        "The scheduler finds no node for the pods",
        "Add a matching node, or change resources, nodeSelector or tolerations in the profile",
    )
    IMAGE_PULL_FAILED = (
        "ImagePullFailed",
        Topic.BLOCKED,
        "The worker image cannot be pulled",
        "Fix spec.image of the profile, or add imagePullSecrets to its service account",
    )
    MISSING_SECRET = (
        "MissingSecret",
        Topic.BLOCKED,
        "The run's namespace does not have the Secret of the profile",
        "Create the Secret that the profile's existingSecret names in the run's namespace",
    )
    MISSING_SERVICE_ACCOUNT = (
        "MissingServiceAccount",
        Topic.BLOCKED,
        "The run's namespace does not have the service account of the profile",
        "Create it in the run's namespace",
    )
    POD_CONFIG_ERROR = (
        "PodConfigError",
        Topic.BLOCKED,
        "The kubelet cannot configure the pod's container",
        "Fix what the message names; often it is a key that the Secret does not have",
    )
    QUOTA_EXCEEDED = (
        "QuotaExceeded",
        Topic.BLOCKED,
        "The quota of the namespace allows no further pod",
        "Raise the quota, or reduce spec.parallelism",
    )
    POD_SECURITY = (
        "PodSecurity",
        Topic.BLOCKED,
        "The Pod Security admission of the namespace rejects the pods",
        "Change the namespace's pod-security labels, or the volumes of the profile",
    )
    PODS_REFUSED = (
        "PodsRefused",
        Topic.BLOCKED,
        "An admission rule of the cluster rejects the pods",
        "Change the rule, or use another namespace",
    )
    FINALISATION_PAUSED = (
        "FinalisationPaused",
        Topic.BLOCKED,
        "Finalisation was interrupted and is retried after a pause of at most a minute",
        "Wait; if the message says that the storage cannot be used, fix it",
    )
    # The run has no pod for a while.
    REPLACING_PODS = (
        "ReplacingPods",
        Topic.BLOCKED,
        "The Job controller pauses before it replaces interrupted pods",
        "Wait: the pause grows from 10 seconds to at most 6 minutes, and ends by itself",
    )
    RETRY_PAUSED = (
        "RetryPaused",
        Topic.BLOCKED,
        "Shards whose attempt was interrupted are retried after a pause",
        "Wait: the pause is at most a minute, and ends by itself",
    )
    NODE_UNREACHABLE = (
        "NodeUnreachable",
        Topic.BLOCKED,
        "The node of a pod does not answer",
        "Wait: two minutes after Kubernetes deletes the pod, another one generates its shard",
    )
    # A service does not do its part.
    STORAGE_UNAVAILABLE = (
        "StorageUnavailable",
        Topic.BLOCKED,
        "The storage cannot be used",
        "Fix the address, the credentials or the bucket; the run then continues by itself",
    )
    SOURCE_UNAVAILABLE = (
        "SourceUnavailable",
        Topic.BLOCKED,
        "The source of a converter cannot be read",
        "Fix the Secret of the profile's sources.existingSecret, or wait; the run then continues",
    )
    DAMAGED_OBJECT = (
        "DamagedObject",
        Topic.BLOCKED,
        "An object of the run is damaged",
        "Delete the object: it is then restored, and the run continues by itself",
    )
    CLUSTER_REFUSED = (
        "ClusterRefused",
        Topic.BLOCKED,
        "The API server rejects a request of the operator",
        "Run `helm test` to list missing permissions, or fix the admission rule in the message",
    )
    # The run has ended.
    ALL_SAMPLES = ("AllSamples", Topic.ENDED, "Every sample is committed")
    WITHIN_FAILURE_BUDGET = (
        "WithinFailureBudget",
        Topic.ENDED,
        "Some samples failed, within failurePolicy.maxFailedSamples",
    )
    FAILURE_BUDGET_EXCEEDED = (
        "FailureBudgetExceeded",
        Topic.ENDED,
        "More samples failed than failurePolicy.maxFailedSamples allows",
        "Delete the run and apply it again with a higher limit: shards are kept; or fix the cause",
    )
    NO_SAMPLES = (
        "NoSamples",
        Topic.ENDED,
        "Every sample failed, so the dataset is empty",
        "Fix the cause in status.failures, then apply the run with another name",
    )
    DEADLINE_EXCEEDED = (
        "DeadlineExceeded",
        Topic.ENDED,
        "The run did not finish within activeDeadlineSeconds",
        "Delete the run and apply it again: only missing shards are generated",
    )
    CONTRACT_MISMATCH = (
        "ContractMismatch",
        Topic.ENDED,
        "A worker rejected the plan, because its image contains other generators than the plan",
        "Use the image that the run started with, or another metadata.name",
    )
    NOT_HERMETIC = (
        "NotHermetic",
        Topic.ENDED,
        "A worker generated nothing, because its kernel cannot sandbox generators",
        "Use nodes with Landlock (nodeSelector) or hermetic: Any, then apply the run again",
    )
    FINALISATION_FAILED = (
        "FinalisationFailed",
        Topic.ENDED,
        "All shards are committed, but the index, the summary or the report was not written",
        "Fix the cause, delete the run and apply it again: only finalisation is repeated",
    )
    JOB_NAME_CONFLICT = (
        "JobNameConflict",
        Topic.ENDED,
        "A Job with a name that the run needs belongs to another owner; it was not changed",
        "Rename or delete that Job, then delete the run and apply it again",
    )
    OUTPUT_CONFLICT = (
        "OutputConflict",
        Topic.ENDED,
        "The output overlaps with that of another run or plan; nothing was overwritten",
        "Use another metadata.name or output.prefix, or delete the run and apply it as stored",
    )
    # Nothing is wrong.
    PLANNED = ("Planned", Topic.STATE, "The run has a plan")
    READING_COMMITS = ("ReadingCommits", Topic.STATE, "The operator is reading the commit markers")
    PODS_STARTING = ("PodsStarting", Topic.STATE, "Jobs exist and no pod is ready yet")
    SHARDS_RUNNING = ("ShardsRunning", Topic.STATE, "Pods are generating shards")
    FINALISING = ("Finalising", Topic.STATE, "All shards are committed; the index is written")
    SUSPENDED = ("Suspended", Topic.STATE, "No shard is started while the run is suspended")
    SPEC_SUSPEND = ("SpecSuspend", Topic.STATE, "spec.suspend is true")
    NOT_SUSPENDED = ("NotSuspended", Topic.STATE, "spec.suspend is false")
    NOT_QUEUED = ("NotQueued", Topic.STATE, "The run does not wait for a queue")
    NOTHING_WRONG = ("NothingWrong", Topic.STATE, "Nothing keeps the run from progressing")
    NOT_FINISHED = ("NotFinished", Topic.STATE, "The run has not ended")
    FINISHED = ("Finished", Topic.STATE, "The run has ended")
    NOT_COMPARED = ("NotCompared", Topic.STATE, "No shard was generated twice")
    BYTES_DIFFER = (
        "BytesDiffer",
        Topic.STATE,
        "A shard that was generated twice has different bytes; the first result is kept",
        "Fix the generator: it is not deterministic",
    )
    NOT_KNOWN_YET = ("NotKnownYet", Topic.STATE, "The operator has not observed it yet")
