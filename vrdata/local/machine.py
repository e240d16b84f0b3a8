"""Limits of this machine: how many workers fit, and how much memory a child can use."""

from __future__ import annotations

import os
from pathlib import Path

from vrdata.api.profile import ClassResources, GenerationProfile
from vrdata.api.quantities import parse_quantity
from vrdata.model import GeneratorClass
from vrdata.plan.planned import Plan

_RESERVE = 0.8  # share of the available memory that all children together can use


def class_resources(profile: GenerationProfile, generator_class: GeneratorClass) -> ClassResources:
    """The profile's resources for class O, G or M."""
    return profile.spec.classes.of(generator_class)


def child_memory(profile: GenerationProfile, generator_class: GeneratorClass) -> tuple[int, int]:
    """Bytes: the first memory limit of a child, and the largest one after out of memory."""
    resources = class_resources(profile, generator_class)
    memory = int(parse_quantity(resources.memory))
    return memory, max(memory, int(parse_quantity(resources.memory_ceiling)))


def worker_jobs(plan: Plan, profile: GenerationProfile) -> int:
    """How many workers fit: one per usable core, with memory for the largest class in each."""
    cores = len(os.sched_getaffinity(0))
    largest = max(child_memory(profile, planned.generator_class)[0] for planned in plan.generators)
    fitting = int(available_memory() * _RESERVE) // max(1, largest)
    return max(1, min(cores, fitting))


def available_memory() -> int:
    """Bytes that can be used without swapping, by the kernel's estimate (proc(5), MemAvailable)."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
