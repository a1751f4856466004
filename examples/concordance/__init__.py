"""Looks up words in the documentation of Python's own library: what all tasks need is loaded once, not in each."""
