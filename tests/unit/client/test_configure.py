"""Configuring a queue, once."""

import json
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import rrq_core as rrq
from rrq_core.store.space import OWNER_FILE


def test_the_same_again_is_fine(url: str, tmp_path: Path) -> None:
    first = rrq.configure("lab", url, store_max_size=1000, offload=tmp_path / "root")
    assert rrq.configure("lab", url, store_max_size=1000, offload=str(tmp_path / "root")) == first
    assert rrq.configure("lab", url, store_max_size=1e3, offload=(tmp_path / "root").as_uri()) == first
    (owner,) = rrq.open_offload(str(tmp_path / "root")).mget([OWNER_FILE])
    assert json.loads(bytes(owner))["queue_id"] == "lab"


def test_another_configuration_is_refused(url: str) -> None:
    rrq.configure("lab", url, store_max_size=1000)
    with pytest.raises(rrq.ConfigurationTaken, match="store_max_size=1000, offload=None, not store_max_size=2000"):
        rrq.configure("lab", url, store_max_size=2000)


def test_connecting_settles_it(q: rrq.Controller, url: str, tmp_path: Path) -> None:
    assert rrq.configure("lab", url).offload is None
    with pytest.raises(rrq.ConfigurationTaken, match="before anyone connects"):
        rrq.configure("lab", url, offload=tmp_path / "root")
    assert not (tmp_path / "root").exists()


@pytest.mark.parametrize("limit", [0, -1, math.nan, True, "1000", None])
def test_a_limit_that_cannot_be_is_refused(url: str, limit: object) -> None:
    with pytest.raises(rrq.InvalidArgument, match="store_max_size is a number of bytes above 0"):
        rrq.configure("lab", url, store_max_size=limit)  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize("place", ["", 1, b"/data", "file://data", "a\0b"])
def test_a_place_that_cannot_be_is_refused(url: str, place: object) -> None:
    with pytest.raises(rrq.InvalidArgument, match=r"offload is a path or a URL|three slashes"):
        rrq.configure("lab", url, offload=place)  # type: ignore[arg-type]  # that is the point


def test_a_scheme_that_nobody_serves_is_refused_with_the_way_to_install_it(url: str) -> None:
    with pytest.raises(rrq.UnknownScheme, match="no URL scheme of an offload is named 'nobodys'"):
        rrq.configure("lab", url, offload="nobodys://bucket")
    assert rrq.configure("lab", url).offload is None


def test_a_relative_path_is_made_absolute(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert rrq.configure("lab", url, offload="root").offload == (tmp_path / "root").as_uri()


def occupied(root: Path) -> None:
    root.mkdir()
    (root / "thesis.tex").write_text("years of work")


def anothers(root: Path) -> None:
    rrq.configure("theirs", "memory://theirs", offload=root)


def in_the_way(root: Path) -> None:
    root.write_text("a file")


@pytest.mark.parametrize(
    ("prepare", "error", "words"),
    [
        (occupied, rrq.ConfigurationTaken, "is not empty, and belongs to no queue"),
        (anothers, rrq.ConfigurationTaken, "belongs to the queue 'theirs'"),
        (in_the_way, rrq.OffloadError, "NotADirectoryError"),
    ],
)
def test_a_place_that_is_not_free_is_refused_and_nothing_is_configured(
    url: str, tmp_path: Path, prepare: Callable[[Path], None], error: type[Exception], words: str
) -> None:
    prepare(tmp_path / "root")
    try:
        with pytest.raises(error, match=words):
            rrq.configure("lab", url, offload=tmp_path / "root")
        assert rrq.configure("lab", url).offload is None
    finally:
        with rrq.connect("theirs", "memory://theirs") as q:
            rrq.destroy(controller=q)


def test_after_a_failure_it_can_be_configured(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("rrq_core.store.OffloadSpace.probe", fail)
        with pytest.raises(rrq.OffloadError, match="no"):
            rrq.configure("lab", url, offload=tmp_path / "root")
    assert rrq.configure("lab", url, offload=tmp_path / "root").offload is not None


def test_many_may_configure_the_same_at_once(url: str, tmp_path: Path) -> None:
    def call(number: int) -> rrq.QueueConfiguration:
        return rrq.configure("lab", url, store_max_size=1000, offload=tmp_path / "root")

    with ThreadPoolExecutor(8) as pool:
        assert len({found.owner for found in pool.map(call, range(16))}) == 1


def fail(space: object) -> None:
    raise rrq.OffloadError("no")
