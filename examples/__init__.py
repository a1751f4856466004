"""Examples that do real work with nothing to download: run one with `python -m examples.NAME`."""
