"""Datasets of the Hugging Face Hub as sources; the only package that knows huggingface_hub."""

import os

# Read when huggingface_hub is imported: it would ask the Hub for a list of programs, to tell it
# which one runs.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
