"""An object store of one machine, in a directory of its own: OpenStack Swift, which speaks S3 and stores in files."""

import os
import shutil
import signal
import socket
import subprocess
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from rrq_core.testing.waiting import wait_until
from tests.servers import free_port

KINDS = ("account", "container", "object")
PROGRAMS = ("swift-proxy-server", *(f"swift-{kind}-server" for kind in KINDS))
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test:tester",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
}
CLUSTER = """
    [swift-hash]
    swift_hash_path_prefix = rrq
    swift_hash_path_suffix = rrq

    [storage-policy:0]
    name = one
    default = yes
"""
SERVER = """
    [DEFAULT]
    bind_ip = 127.0.0.1
    bind_port = {port}
    workers = 0
    user = {user}
    swift_dir = {directory}/etc
    log_address = {directory}/log
"""
BACK = f"""{SERVER}
    devices = {{directory}}/srv
    mount_check = false
    fallocate_reserve = 0

    [pipeline:main]
    pipeline = {{kind}}-server

    [app:{{kind}}-server]
    use = egg:swift#{{kind}}
"""
PROXY = f"""{SERVER}
    [pipeline:main]
    pipeline = catch_errors proxy-logging cache listing_formats s3api tempauth bulk slo dlo proxy-logging proxy-server

    [app:proxy-server]
    use = egg:swift#proxy
    account_autocreate = true

    [filter:tempauth]
    use = egg:swift#tempauth
    user_test_tester = testing .admin

    [filter:s3api]
    use = egg:swift#s3api
    s3_acl = false
"""
RINGS = """
import sys
from swift.common.ring import RingBuilder

for kind, port in zip(sys.argv[2::2], sys.argv[3::2]):
    builder = RingBuilder(4, 1, 0)
    builder.add_dev({"region": 1, "zone": 1, "ip": "127.0.0.1", "port": int(port), "device": "d1", "weight": 1})
    builder.rebalance()
    builder.get_ring().save(f"{sys.argv[1]}/{kind}.ring.gz")
"""
PLAIN_FILTERS = {
    "catch_errors": "catch_errors",
    "proxy-logging": "proxy_logging",
    "cache": "memcache",
    "listing_formats": "listing_formats",
    "bulk": "bulk",
    "slo": "slo",
    "dlo": "dlo",
}


def what_is_missing() -> str | None:
    """Why no server can be started here, None if one can."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    return f"OpenStack Swift is not installed: there is no {', '.join(missing)}" if missing else None


@contextmanager
def swift_server() -> Iterator[str]:
    """Start a server; give its endpoint. It is gone at the end, with all that it stores."""
    with TemporaryDirectory(prefix="rrq-swift-") as name:
        directory = Path(name)
        ports = {kind: free_port() for kind in (*KINDS, "proxy")}
        configure(directory, ports)
        servers = [started(directory, kind) for kind in ports]
        try:
            for kind, port in ports.items():
                wait_until(lambda port=port: listens(port), f"the {kind} server listens", timeout=30)  # type: ignore[misc]  # bound at once
            yield f"http://127.0.0.1:{ports['proxy']}"
        finally:
            for server in servers:
                server.send_signal(signal.SIGTERM)
            for server in servers:
                server.wait(20)


def configure(directory: Path, ports: Mapping[str, int]) -> None:
    etc = directory / "etc"
    etc.mkdir()
    (directory / "srv" / "d1").mkdir(parents=True)
    (etc / "swift.conf").write_text(textwrap.dedent(CLUSTER))
    user = os.environ.get("USER") or subprocess.check_output(["id", "-un"], text=True).strip()
    for kind, port in ports.items():
        text = textwrap.dedent(PROXY if kind == "proxy" else BACK)
        filters = "".join(f"\n[filter:{name}]\nuse = egg:swift#{egg}\n" for name, egg in PLAIN_FILTERS.items())
        whole = text.format(port=port, user=user, directory=directory, kind=kind) + (filters if kind == "proxy" else "")
        (etc / f"{kind}-server.conf").write_text(whole)
    words = [word for kind in KINDS for word in (kind, str(ports[kind]))]
    subprocess.run([interpreter(), "-c", RINGS, str(etc), *words], check=True, capture_output=True, timeout=20)


def interpreter() -> str:
    """The Python that Swift is installed for. Its own command for rings has to be started nine times to make three."""
    first = Path(str(shutil.which("swift-proxy-server"))).read_text().splitlines()[0]
    return first.removeprefix("#!").strip()


def started(directory: Path, kind: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [str(shutil.which(f"swift-{kind}-server")), str(directory / "etc" / f"{kind}-server.conf")],
        env={**os.environ, "SWIFT_DIR": str(directory / "etc")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
