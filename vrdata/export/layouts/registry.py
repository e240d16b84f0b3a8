"""All layouts, by name. Pure."""

from __future__ import annotations

from vrdata.export.layouts.base import Layout
from vrdata.export.layouts.bench import BenchLayout
from vrdata.export.layouts.jsonl import JsonlLayout
from vrdata.export.layouts.pro import ProLayout
from vrdata.export.layouts.vbvr import VbvrLayout

LAYOUTS: dict[str, Layout] = {
    layout.name: layout for layout in (VbvrLayout(), BenchLayout(), ProLayout(), JsonlLayout())
}
