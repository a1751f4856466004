"""Measures every module of Python's own standard library on several workers: `python -m examples.standard_library`."""
