"""A small magnet in the computer, from cold to hot: `python -m examples.ising`."""
