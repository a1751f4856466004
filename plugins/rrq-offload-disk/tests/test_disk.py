"""What is told of files beyond the contract of offloads."""

import os
import threading
from pathlib import Path

import pytest

from rrq_core.errors import InvalidArgument
from rrq_offload_disk import DiskOffload, reading
from rrq_offload_disk.place import open_disk


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


def test_a_path_and_its_url_are_the_same_place(root: Path) -> None:
    assert open_disk(str(root)) == open_disk(root.as_uri()) == DiskOffload(root=root)


def test_a_path_with_odd_characters_is_found_by_its_url(tmp_path: Path) -> None:
    odd = tmp_path / "a b?c#d%20"
    assert open_disk(odd.as_uri()).root == odd


@pytest.mark.parametrize("url", ["data", "file://host/data", "file:///data?sync=0", "file:///data?mmap=yes"])
def test_a_place_that_cannot_be_is_refused(url: str) -> None:
    with pytest.raises(InvalidArgument):
        open_disk(url)


def test_opening_writes_nothing(root: Path) -> None:
    assert list(open_disk(str(root)).list()) == []
    assert not root.exists()


@pytest.mark.parametrize("name", ["../out", "a/b", "", ".hidden"])
def test_a_name_cannot_lead_out_of_the_root(root: Path, name: str) -> None:
    with pytest.raises(ValueError, match="a name in an offload"):
        DiskOffload(root=root).mset({name: b"x"})


def test_a_write_that_fails_leaves_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, data: memoryview) -> int:
        raise OSError(28, "No space left on device")

    offload = DiskOffload(root=root)
    monkeypatch.setattr("rrq_offload_disk.disk.os.write", full)
    with pytest.raises(OSError, match="No space"):
        offload.mset({"a": b"x"})
    assert list(offload.list()) == []


def test_a_write_that_takes_several_goes_is_whole(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr("rrq_offload_disk.disk.os.write", lambda to, data: write(to, data[:7]))
    offload = DiskOffload(root=root)
    offload.mset({"a": bytes(range(100))})
    assert offload.mget(["a"]) == [bytes(range(100))]


def test_files_and_names_are_on_the_disk_before_writing_returns(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    monkeypatch.setattr(
        "rrq_offload_disk.disk.os.fsync", lambda number: synced.append(os.readlink(f"/proc/self/fd/{number}"))
    )
    DiskOffload(root=root).mset({"a": b"x"})
    DiskOffload(root=root, fsync=False).mset({"b": b"x"})
    assert [path.startswith(f"{root}/part-") for path in synced] == [True, False]
    assert synced[-1] == str(root)


def test_only_one_of_many_claims_wins(root: Path) -> None:
    offload, answers = DiskOffload(root=root), list[bytes]()
    claimers = [
        threading.Thread(target=lambda n=n: answers.append(bytes(offload.claim("owner", b"%d" % n)))) for n in range(8)
    ]
    for claimer in claimers:
        claimer.start()
    for claimer in claimers:
        claimer.join()
    assert len(set(answers)) == 1
    assert [entry.name for entry in offload.list()] == ["owner"]


def test_who_lists_the_files_of_a_root_sees_values_alone(root: Path) -> None:
    offload = DiskOffload(root=root)
    offload.claim("owner.json", b'{"queue_id": "q"}')
    offload.mset({"a": b"x"})
    assert [path.name for path in root.rglob("*") if path.is_file()] == ["a"]
    assert offload.mget(["owner.json"]) == [b'{"queue_id": "q"}']
    assert {entry.name for entry in offload.list()} == {"owner.json", "a"}


@pytest.mark.parametrize("claim", [b"a\0b", b"long" * 2000])
def test_a_claim_of_any_bytes_is_kept(root: Path, claim: bytes) -> None:
    offload = DiskOffload(root=root)
    assert [bytes(offload.claim("owner", data)) for data in (claim, b"second")] == [claim, claim]


def test_a_claim_is_kept_where_there_are_no_symbolic_links(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*paths: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("rrq_offload_disk.claims.os.symlink", refuse)
    offload = DiskOffload(root=root)
    assert [bytes(offload.claim("owner", data)) for data in (b"first", b"second")] == [b"first", b"first"]


def test_what_is_written_to_a_mapped_file_stays_in_memory(root: Path) -> None:
    offload = DiskOffload(root=root, mmap=True)
    offload.mset({"a": b"abc"})
    (view,) = offload.mget(["a"])
    view[0] = ord("x")  # type: ignore[index]  # a mapped file is a view that can be written to
    assert bytes(view) == b"xbc"
    assert bytes(offload.mget(["a"])[0]) == b"abc"


def test_a_mapped_file_can_be_read_after_it_was_deleted(root: Path) -> None:
    offload = DiskOffload(root=root, mmap=True)
    offload.mset({"a": b"abc"})
    (view,) = offload.mget(["a"])
    offload.mdel(["a"])
    assert bytes(view) == b"abc"


@pytest.mark.parametrize(("kind", "is_safe"), [("ext4", True), ("nfs4", False), ("fuse.sshfs", False)])
def test_files_on_a_network_are_not_mapped(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, is_safe: bool
) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/a / ext4 rw 0 0\nserver:/x {tmp_path.resolve()} {kind} rw 0 0\n")
    monkeypatch.setattr(reading, "_MOUNTS", mounts)
    reading.is_mappable.cache_clear()
    try:
        assert reading.is_mappable(root) is is_safe
    finally:
        reading.is_mappable.cache_clear()


def test_destroying_leaves_alone_what_is_not_the_offloads(root: Path) -> None:
    offload = DiskOffload(root=root)
    offload.mset({"a": b"x"})
    (root / "sub").mkdir()
    (root / "sub" / "theirs").write_text("theirs")
    offload.destroy()
    assert [path.name for path in root.rglob("*")] == ["sub", "theirs"]


def test_a_file_of_the_same_disk_is_moved_not_copied(root: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"x")
    inode = source.stat().st_ino
    DiskOffload(root=root).put_file("a", source)
    assert (root / "a").stat().st_ino == inode
    assert not source.exists()
