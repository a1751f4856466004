"""Code that the reader lacks is named, with where it was looked for, and what to do."""

import json
import socket
import sys
from collections.abc import Callable, Iterator
from importlib import import_module, invalidate_caches
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from rrq_core.errors import PayloadRefused
from rrq_core.model.ids import TaskId
from rrq_core.payload import Call, CallEncoder, Context, EncodedCall, PayloadKind, decode_call

TASK = Context(kind=PayloadKind.TASK, queue_id="q", names=("t" * 32,))


def encode(function: Callable[..., object], *args: object) -> EncodedCall:
    return CallEncoder(function, "q").encode(TaskId("t" * 32), args, {})


def decode(encoded: EncodedCall) -> Call:
    return decode_call(encoded.body, TASK, {})


@pytest.fixture
def on_client_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Write and import a module, again with another text if need be."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def make(text: str) -> Any:
        (tmp_path / "client_only.py").write_text(text)
        monkeypatch.syspath_prepend(tmp_path)
        invalidate_caches()
        sys.modules.pop("client_only", None)
        return import_module("client_only")

    yield make
    sys.modules.pop("client_only", None)


def forget(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    sys.modules.pop("client_only", None)
    monkeypatch.setattr(sys, "path", [place for place in sys.path if place != str(tmp_path)])
    invalidate_caches()


@pytest.mark.parametrize("text", ["def f(): pass", "class C: pass"])
def test_a_module_that_is_missing_is_named_with_host_place_and_remedies(
    text: str, on_client_only: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    module = on_client_only(text)
    encoded = encode(module.f) if "f" in vars(module) else encode(len, module.C())
    forget(monkeypatch, tmp_path)
    with pytest.raises(PayloadRefused) as caught:
        decode(encoded)
    said = str(caught.value)
    assert "no module named 'client_only'" in said
    assert f"on host {socket.gethostname()}, in the working directory {Path.cwd()}, looking in {sys.path[0]}" in said
    assert "install it on the worker, start the worker in the directory that has it, or send it by value" in said
    assert "connect(by_value=['client_only'])" in said


def test_a_module_that_a_module_misses_is_named_without_a_remedy_that_does_not_help(
    on_client_only: Callable[[str], Any], tmp_path: Path
) -> None:
    encoded = encode(on_client_only("def f(): pass").f)
    (tmp_path / "client_only.py").write_text("import missing_library")
    sys.modules.pop("client_only")
    invalidate_caches()
    with pytest.raises(PayloadRefused, match="'missing_library', which 'client_only' imports") as caught:
        decode(encoded)
    assert "by_value" not in str(caught.value)


def test_a_function_that_the_workers_version_lacks_is_named(on_client_only: Callable[[str], Any]) -> None:
    encoded = encode(on_client_only("def f(): pass").f)
    on_client_only("def g(): return 'another version'")
    with pytest.raises(PayloadRefused, match=r"client_only\.f, .*no attribute 'f'.*another .*client_only\.py;"):
        decode(encoded)


def test_what_is_no_function_at_the_worker_is_named(on_client_only: Callable[[str], Any]) -> None:
    encoded = encode(on_client_only("def f(): pass").f)
    on_client_only("f = 'another version of the module'")
    with pytest.raises(PayloadRefused, match=r"client_only\.f, which is no function here, but a str"):
        decode(encoded)


def test_the_version_that_is_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def later_function() -> None: ...

    later_function.__module__, later_function.__qualname__ = "attrs", "later_function"
    monkeypatch.setattr("attrs.later_function", later_function, raising=False)
    encoded = encode(later_function)
    monkeypatch.undo()
    with pytest.raises(
        PayloadRefused, match=rf"another version of it than the sender, namely attrs {version('attrs')};"
    ):
        decode(encoded)


def test_the_version_of_a_package_that_is_developed_in_place_is_told(
    on_client_only: Callable[[str], Any], tmp_path: Path
) -> None:
    installed = tmp_path / "client_only_package-2.5.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: client-only-package\nVersion: 2.5\n")
    (installed / "direct_url.json").write_text(json.dumps({"url": tmp_path.as_uri(), "dir_info": {"editable": True}}))
    encoded = encode(on_client_only("def f(): pass").f)
    on_client_only("def g(): pass")
    with pytest.raises(PayloadRefused, match=r"than the sender, namely client-only-package 2\.5; update it"):
        decode(encoded)
