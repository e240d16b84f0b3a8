"""Pipelines: repositories of class M that convert raw data with their own script. Pure."""

from __future__ import annotations

from pydantic import Field

from vrdata.api.source import Glob, Place, SourceUrl
from vrdata.model import Model

_FFMPEG = frozenset({"ffmpeg", "ffprobe", "sh", "bash"})


class PipelineSource(Model):
    """Raw data that a pipeline reads.

    Attributes:
        place: where its script expects the data: a folder relative to its current folder, or an
            absolute one below one of `Pipeline.roots`.
        url: as the field `url` of a SourceSpec; `config`, `revision` and `include` too.
        unpack: the source is one archive, which is unpacked to the place.
        ranges: its script reads parts of large files by range requests, so the files are not
            staged.
        serves: URLs from which the script itself fetches the data; the staged copy answers.
        digest: of the list of its files when the pipeline was added.
        licence: as the source declares it, or "".
        terms: what the user has to observe, or "".
    """

    place: Place
    url: SourceUrl
    config: str = ""
    revision: str = ""
    include: tuple[Glob, ...] = ()
    unpack: bool = False
    ranges: bool = False
    serves: tuple[str, ...] = ()
    digest: str = ""
    licence: str = ""
    terms: str = ""


class Step(Model):
    """The function of a pipeline that generates one sample from one item.

    A walk over the items that does not call it generates nothing for this item, and the names and
    bytes of the other samples stay the same: that is proven when the pipeline is added.

    Attributes:
        module: the module whose name is called; `__main__` = the script.
        name: the function's name, or `Class.method`.
        item: the expression of its arguments that is the path of an item, such as `path`,
            `pair[0]` or `raw['image']`: a file or folder of a source, another one in each call.
            "" = no argument is.
    """

    module: str
    name: str
    item: str = ""


class Pipeline(Model):
    """What `vrdata generators add` found out about a pipeline.

    Attributes:
        sources: by place.
        items: items of its walk over the sources, which is the most samples.
        step: what generates one sample; None = samples are known when the script has ended.
        whole: why the walk is one shard, in one sentence; "" = it is proven that slices of it
            give equal bytes.
        roots: absolute folders of its code that are moved into a block's folder.
        script: its entry, relative to the repository.
        output: the folder that the script writes samples to although it gets another one:
            relative to its current folder, or absolute; "" = it writes to the one that it gets.
        files: names that most samples of the trials have: a sample without one is incomplete.
        programs: programs that it starts.
    """

    script: str = "examples/generate.py"
    sources: tuple[PipelineSource, ...] = Field(default=(), max_length=16)
    items: int = Field(default=0, ge=0)
    step: Step | None = None
    whole: str = ""
    roots: tuple[str, ...] = ()
    output: str = ""
    files: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()

    @property
    def starts_ffmpeg(self) -> bool:
        """Whether it starts ffmpeg, or a shell, which may do so."""
        return not _FFMPEG.isdisjoint(self.programs)

    @property
    def sliced(self) -> bool:
        """Whether a block can generate a part of the samples."""
        return self.step is not None and not self.whole
