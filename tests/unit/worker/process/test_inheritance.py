"""What a fork does not share with what it was forked from."""

import os
import random
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from rrq_core.worker.process.inheritance import shed_inheritance


def drawn_in_a_fork() -> str:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        shed_inheritance()
        os.write(writing, f"{random.random()} {np.random.random()}".encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(pid, 0)
    with open(reading) as file:
        return file.read()


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_three_forks_draw_different_numbers_from_every_generator() -> None:
    draws = [drawn_in_a_fork().split() for _ in range(3)]
    assert len({python for python, _ in draws}) == 3
    assert len({numpy for _, numpy in draws}) == 3


def test_torch_is_seeded_if_it_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds: list[int] = []
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(manual_seed=seeds.append))
    shed_inheritance()
    shed_inheritance()
    assert len(set(seeds)) == 2


def test_file_systems_that_were_opened_are_dropped_in_every_class(monkeypatch: pytest.MonkeyPatch) -> None:
    cleared: list[str] = []

    class AbstractFileSystem:
        @classmethod
        def clear_instance_cache(cls) -> None:
            cleared.append(cls.__name__)

    class Local(AbstractFileSystem):
        pass

    class Remote(Local):
        pass

    monkeypatch.setitem(sys.modules, "fsspec.spec", SimpleNamespace(AbstractFileSystem=AbstractFileSystem))
    shed_inheritance()
    assert cleared == ["AbstractFileSystem", "Local", "Remote"]
