"""From a URL to an offload."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from urllib.parse import SplitResult, parse_qsl, urlsplit

from rrq_core.errors import InvalidArgument
from rrq_core.plugins import without_password
from rrq_offload_s3.remote import Options, RemoteOffload

_WITH_HOST = frozenset({"sftp"})
_OWN_CREDENTIALS = frozenset({"s3", "gs"})  # abfs://container@account has an @ as well
_CONNECT_TIMEOUT = 10
_READ_TIMEOUT = 60
_MOST_ATTEMPTS = 5


def open_remote(url: str) -> RemoteOffload:
    """Open the offload of a URL. Nothing is written, nor sent.

    Raises:
        InvalidArgument: If the URL has no place, or options that it cannot have.

    >>> open_remote("s3://bucket/values?region=eu-north-1").root
    'bucket/values'
    """
    parts = urlsplit(url)
    has_host = parts.scheme in _WITH_HOST
    if "@" in parts.netloc and parts.scheme in _OWN_CREDENTIALS:
        raise InvalidArgument(
            f"a {parts.scheme}:// URL has no credentials in it, for it is stored with the queue: they come from the "
            f"environment of each client and worker, or from a profile there; not {_shown(url)!r}"
        )
    root = parts.path if has_host else f"{parts.netloc}{parts.path}"
    if not root.strip("/") or not (parts.netloc or parts.scheme == "memory"):
        raise InvalidArgument(f"an offload is in a place, as in s3://bucket/prefix, and here is none: {_shown(url)!r}")
    options = _options(parts.scheme, dict(parse_qsl(parts.query, keep_blank_values=True)), url)
    if has_host:
        options = {**options, **_host(parts)}
    return RemoteOffload(protocol=parts.scheme, root=root.rstrip("/"), options=options)


def _host(parts: SplitResult) -> Options:
    host = {"host": parts.hostname, "port": parts.port, "username": parts.username, "password": parts.password}
    return {name: value for name, value in host.items() if value is not None}


def _shown(url: str) -> str:
    return without_password(url)


def _options(scheme: str, query: Mapping[str, str], url: str) -> Options:
    known = _OF_S3 if scheme == "s3" else {}
    if unknown := sorted(query.keys() - known.keys()):
        there_are = ", ".join(sorted(known)) or "none"
        raise InvalidArgument(
            f"{scheme}:// URLs have no option {unknown[0]!r} (there are: {there_are}): {_shown(url)!r}"
        )
    if scheme != "s3":
        return {}
    options: dict[str, object] = {"config_kwargs": _config(query)}
    for name, value in query.items():
        if not value:
            raise InvalidArgument(f"the option {name!r} has no value: {_shown(url)!r}")
        known[name](options, value)
    return options


def _config(query: Mapping[str, str]) -> dict[str, object]:
    return {
        "retries": {"total_max_attempts": _MOST_ATTEMPTS, "mode": "standard"},
        "connect_timeout": _CONNECT_TIMEOUT,
        "read_timeout": _READ_TIMEOUT,
    }


def _checksums(options: dict[str, object], value: str) -> None:
    config = options["config_kwargs"]
    if isinstance(config, dict):
        config |= {"request_checksum_calculation": value, "response_checksum_validation": value}


_OF_S3: Mapping[str, Callable[[dict[str, object], str], None]] = MappingProxyType(
    {
        "endpoint_url": lambda options, value: options.update(endpoint_url=value),
        "profile": lambda options, value: options.update(profile=value),
        "region": lambda options, value: options.update(client_kwargs={"region_name": value}),
        "checksums": _checksums,
    }
)
