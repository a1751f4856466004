import base64
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Elsewhere = Callable[..., list[bytes]]

_PREAMBLE = """
import base64, sys
from rrq_core.payload import *
VALUE = Context(kind=PayloadKind.VALUE, queue_id="q")
TASK = Context(kind=PayloadKind.TASK, queue_id="q", names=("t" * 32,))
received = [base64.b64decode(line) for line in sys.stdin]
def send(data):
    print(base64.b64encode(data).decode())
def send_call(function, *args):
    encoded = CallEncoder(function, "q").encode("t" * 32, args, {})
    send(encode_value((encoded.body, {value.hash: value.data for value in encoded.values}), VALUE).data)
"""


@pytest.fixture
def elsewhere(tmp_path: Path) -> Elsewhere:
    """Run a script as `__main__` of another process; it gets bytes in `received`, and gives bytes back by `send`."""

    def run(script: str, *received: bytes, seed: str = "random") -> list[bytes]:
        path = tmp_path / "script.py"
        path.write_text(_PREAMBLE + script)
        done = subprocess.run(
            [sys.executable, str(path)],
            input="\n".join(base64.b64encode(data).decode() for data in received),
            env={"PYTHONHASHSEED": seed},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return [base64.b64decode(line) for line in done.stdout.splitlines()]

    return run
