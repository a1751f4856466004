"""Memory for large values, whatever the system gives."""

import mmap

import pytest

from rrq_core.model.memory import new_memory


@pytest.mark.parametrize("size", [0, 1, 10_000_001])
def test_memory_is_as_long_as_asked_for_and_can_be_written_to(size: int) -> None:
    memory = new_memory(size)
    assert bytes(memory) == bytes(size)
    memory[: size // 2] = b"x" * (size // 2)
    assert len(memory) == size
    assert bytes(memory[: size // 2]) == b"x" * (size // 2)


def test_there_is_memory_without_huge_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(mmap, "MADV_HUGEPAGE", raising=False)
    assert new_memory(10_000_000) == bytearray(10_000_000)
