"""Whether a process can be forked and its copy still work."""

import sys
import threading
from typing import Any


def reason_against_forking() -> str | None:
    """Say what is in this process that does not survive a fork; None if nothing is."""
    if sys.platform != "linux":
        return f"what many libraries stand on does not survive a fork on {sys.platform}"
    others = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    if others:
        return f"there are threads that a fork would leave behind: {', '.join(others)}"
    torch: Any = sys.modules.get("torch")  # it is used where it is loaded, so its types are not known
    if torch is not None and torch.cuda.is_initialized():
        return "CUDA is initialised"
    for name in ("polars", "grpc"):
        if name in sys.modules:
            return f"{name} is loaded, whose threads do not survive a fork"
    return None
