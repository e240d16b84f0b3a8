"""A shard's manifest while its samples are being made: each record is kept as its JSON.

A parsed record takes about ten times the memory of its text, and a shard may hold thousands.
"""

from __future__ import annotations

from dataclasses import dataclass

from vrdata.dataset.manifest import DataObject, SampleRecord, ShardManifest
from vrdata.model import canonical_json


@dataclass(frozen=True, slots=True)
class ManifestDraft:
    """What will be the commit marker.

    Attributes:
        header: the manifest without its samples.
        samples: canonical JSON of each SampleRecord, in index order.
    """

    header: ShardManifest
    samples: tuple[bytes, ...]

    @property
    def data(self) -> tuple[DataObject, ...]:
        """The shard's data objects."""
        return self.header.data

    def to_json(self) -> bytes:
        """The marker's bytes, equal to `self.parsed().to_json()`."""
        fields = {key: canonical_json(value) for key, value in self.header.to_dict().items()}
        fields["samples"] = b"[" + b",".join(self.samples) + b"]"
        return b"{" + b",".join(b'"%s":%s' % (k.encode(), fields[k]) for k in sorted(fields)) + b"}"

    def parsed(self) -> ShardManifest:
        """The whole manifest."""
        samples = tuple(SampleRecord.model_validate_json(text) for text in self.samples)
        return self.header.model_copy(update={"samples": samples})


def draft_of(manifest: ShardManifest) -> ManifestDraft:
    """The draft with the samples of a parsed manifest."""
    return ManifestDraft(
        manifest.model_copy(update={"samples": ()}),
        tuple(sample.to_json() for sample in manifest.samples),
    )
