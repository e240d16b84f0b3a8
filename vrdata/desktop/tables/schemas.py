"""The columns of each stage. Pure."""

from __future__ import annotations

import pyarrow as pa

EVENTS = pa.schema(
    [
        ("file_path", pa.string()),
        ("topic", pa.string()),
        ("timestamp_ns", pa.int64()),
        ("message_type", pa.string()),
        ("msg", pa.binary()),
    ]
)
BINS = pa.schema(
    [
        ("file_path", pa.string()),
        ("bin_idx", pa.int32()),
        ("timestamp_ns", pa.int64()),
        ("state", pa.binary()),
        ("actions", pa.binary()),
    ]
)
IMAGE_REF = pa.struct(
    [
        ("path", pa.string()),
        ("pts", pa.int64()),
        ("utc_ns", pa.int64()),
        ("timestamp_ns", pa.int64()),
        ("bin_idx", pa.int32()),
    ]
)
METADATA = pa.struct(
    [
        ("file_path", pa.string()),
        ("sequence_idx", pa.int32()),
        ("start_bin_idx", pa.int32()),
        ("end_bin_idx", pa.int32()),
        ("start_timestamp_ns", pa.int64()),
        ("end_timestamp_ns", pa.int64()),
        ("num_bins", pa.int32()),
        ("num_images", pa.int32()),
        ("num_actions", pa.int32()),
        ("event_bin_idx", pa.list_(pa.int32())),
        ("held_keys", pa.list_(pa.int32())),
        ("held_buttons", pa.list_(pa.string())),
    ]
)
SEQUENCES = pa.schema(
    [
        ("instruction", pa.string()),
        ("encoded_events", pa.list_(pa.string())),
        ("image_refs", pa.list_(IMAGE_REF)),
        ("metadata", METADATA),
    ]
)
