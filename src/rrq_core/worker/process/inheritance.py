"""What a forked process must not share with the one that it was forked from, although it has inherited it."""

import random
import secrets
import sys
from typing import Any


def shed_inheritance() -> None:
    """Seed the generators of random numbers anew, and drop open file systems: of what is loaded here, nothing else."""
    random.seed()
    numpy = _loaded("numpy.random")
    if numpy is not None:
        numpy.seed()
    torch = _loaded("torch")
    if torch is not None:
        torch.manual_seed(secrets.randbits(63))
    fsspec = _loaded("fsspec.spec")
    if fsspec is not None:
        _drop_instances(fsspec.AbstractFileSystem)


def _loaded(name: str) -> Any:  # what is loaded here is not known to the types of this library
    return sys.modules.get(name)


def _drop_instances(kind: Any) -> None:  # as above
    """Empty the caches of a class of file systems and its subclasses: an instance refuses to work after a fork."""
    kind.clear_instance_cache()
    for narrower in kind.__subclasses__():
        _drop_instances(narrower)
