"""Whether the kernel has killed a process for want of memory, as far as its control group tells."""

import time
from pathlib import Path

_JUST_NOW = 5.0


class OutOfMemory:
    """Notes the kills in the control group of a process.

    Args:
        pid: The process.
        groups: Where control groups are.
        processes: Where the processes of the system are.
    """

    def __init__(self, pid: int, groups: Path = Path("/sys/fs/cgroup"), processes: Path = Path("/proc")) -> None:
        self._counts = _files(groups, processes / str(pid) / "cgroup")
        self._kills = self._count()
        self._risen_at = float("-inf")

    def note(self) -> None:
        """Look now; kills that are noted are not taken for that of a later moment."""
        kills = self._count()
        if kills > self._kills:
            self._risen_at = time.monotonic()
        self._kills = kills

    def has_killed(self) -> bool:
        """Tell whether somebody in the group was killed a moment ago."""
        self.note()
        return time.monotonic() - self._risen_at < _JUST_NOW

    def _count(self) -> int:
        return sum(map(_kills_in, self._counts))


def _files(groups: Path, membership: Path) -> list[Path]:
    """Find the files that count them: of version 2 and version 1."""
    try:
        lines = membership.read_text().splitlines()
    except OSError:  # another system, or it has ended
        return []
    found = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            found.append(_file_of(groups, path, "memory.events"))
        elif "memory" in controllers.split(","):
            found.append(_file_of(groups / "memory", path, "memory.oom_control"))
    return found


def _file_of(mount: Path, path: str, name: str) -> Path:
    """Give the file of a group. In a container the path may be that of the host, and its own group is the topmost."""
    file = mount / path.lstrip("/") / name
    return file if file.exists() else mount / name


def _kills_in(file: Path) -> int:
    try:
        words = file.read_text().split()
    except OSError:
        return 0
    return int(words[words.index("oom_kill") + 1]) if "oom_kill" in words else 0
