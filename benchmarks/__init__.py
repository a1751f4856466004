"""Benchmarks: what the library costs beside the least that any task queue on Redis must pay, measured in one run."""
