"""What is told of S3 beyond the contract of offloads."""

import errno
import os
from collections.abc import Callable

import boto3
import pytest

import rrq_core as rrq
from rrq_core.plugins import open_offload
from rrq_offload_s3 import RemoteOffload
from rrq_offload_s3.place import open_remote

GRACE = 30


def same(value: object) -> object:
    return value


def test_a_value_of_many_parts_is_whole(url: str) -> None:
    data = os.urandom(1024) * (110 * 1024)
    offload = open_offload(url)
    offload.mset({"a": data})
    assert offload.mget(["a"])[0] == data


def test_tasks_pass_large_values_through_a_bucket(url: str, service: str, bucket: str) -> None:
    rrq.configure("s3", "memory://s3", store_max_size=1000, offload=url)
    with rrq.connect("s3", "memory://s3") as q, rrq.worker_spawn(1):
        assert q.submit(same, "x" * 50_000).result(GRACE) == "x" * 50_000
        (hash,) = q.objects.list()
        listed = boto3.client("s3", endpoint_url=service).list_objects_v2(Bucket=bucket)["Contents"]
        assert {entry["Key"] for entry in listed} == {f"values/{hash}", "values/rrq-queue.json"}
        rrq.destroy()
    assert "Contents" not in boto3.client("s3", endpoint_url=service).list_objects_v2(Bucket=bucket)


def test_prefixes_that_begin_alike_are_apart(url: str) -> None:
    here, there = open_offload(url), open_offload(url.replace("/values", "/values2"))
    here.mset({"a": b"here"})
    there.mset({"b": b"there"})
    assert [entry.name for entry in here.list()] == ["a"]
    here.destroy()
    assert there.mget(["b"]) == [b"there"]


def test_a_bucket_that_is_missing_is_named(service: str, url: str) -> None:
    with pytest.raises(rrq.OffloadError, match="the offload s3://nobodys/values"):
        rrq.configure("missing", "memory://missing", offload=f"s3://nobodys/values?endpoint_url={service}")


def test_only_the_first_claim_counts(url: str) -> None:
    assert bytes(open_offload(url).claim("owner", b"first")) == b"first"
    assert bytes(open_offload(url).claim("owner", b"second")) == b"first"


def test_only_the_first_claim_counts_where_nothing_is_written_conditionally(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    offload = open_offload(url)
    assert isinstance(offload, RemoteOffload)
    write = offload._files.pipe_file

    def plainly(path: str, data: bytes, mode: str = "overwrite") -> None:
        if mode == "create":
            raise OSError(errno.ENOSYS, "Conditional object PUTs are not supported.")
        write(path, data)

    monkeypatch.setattr(offload._files, "pipe_file", plainly)
    assert bytes(offload.claim("owner", b"first")) == b"first"
    assert bytes(offload.claim("owner", b"second")) == b"first"


def test_a_fork_has_a_connection_of_its_own(url: str) -> None:
    offload = open_offload(url)
    assert isinstance(offload, RemoteOffload)
    offload.mset({"a": b"x"})
    files = offload._files
    offload._opened = os.getpid() + 1, files  # as in a child
    assert offload._files is not files
    assert offload.mget(["a"]) == [b"x"]


@pytest.mark.parametrize(
    "url",
    [
        "s3://",
        "s3:///",
        "s3:///values",
        "s3://bucket?color=red",
        "s3://bucket?profile=",
        "gs://bucket?endpoint_url=x",
        "sftp://host",
    ],
)
def test_a_url_that_cannot_be_is_refused(url: str) -> None:
    with pytest.raises(rrq.InvalidArgument):
        open_remote(url)


def test_options_are_what_the_url_says() -> None:
    offload = open_remote("s3://b/p/q?endpoint_url=http://h:1&profile=lab&region=eu-north-1&checksums=when_required")
    assert offload.root == "b/p/q"
    assert offload.options["endpoint_url"] == "http://h:1"
    assert offload.options["profile"] == "lab"
    assert offload.options["client_kwargs"] == {"region_name": "eu-north-1"}
    config = offload.options["config_kwargs"]
    assert isinstance(config, dict)
    assert config["request_checksum_calculation"] == "when_required"


def test_credentials_in_a_url_are_refused_and_not_shown() -> None:
    with pytest.raises(rrq.InvalidArgument, match="they come from the environment") as refused:
        open_remote("s3://key:secret@bucket/values")
    assert "secret" not in str(refused.value)


def test_a_password_is_not_shown() -> None:
    with pytest.raises(rrq.InvalidArgument) as refused:
        open_remote("sftp://me:secret@host")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("use", [lambda offload: offload.mset({"a/b": b""}), lambda offload: offload.mget([""])])
def test_a_name_cannot_lead_out_of_the_root(url: str, use: Callable[[object], object]) -> None:
    with pytest.raises(ValueError, match="a name in an offload"):
        use(open_offload(url))
