"""What a forked process must not share with the one that it was forked from, although it has inherited it."""

import secrets
import sys
from collections.abc import Mapping
from typing import Any


def shed_inheritance() -> None:
    """Seed the generators of random numbers anew, and drop open file systems: of what is loaded here, nothing else.

    Python itself does so for `random`.
    """
    loaded: Mapping[str, Any] = sys.modules  # what is loaded here is not known to the types of this library
    if (numpy := loaded.get("numpy.random")) is not None:
        numpy.seed()
    if (torch := loaded.get("torch")) is not None:
        torch.manual_seed(secrets.randbits(63))
    if (fsspec := loaded.get("fsspec.spec")) is not None:
        _drop_instances(fsspec.AbstractFileSystem)


def _drop_instances(kind: Any) -> None:  # as above
    """Empty the caches of a class of file systems and its subclasses: an instance refuses to work after a fork."""
    kind.clear_instance_cache()
    for narrower in kind.__subclasses__():
        _drop_instances(narrower)
