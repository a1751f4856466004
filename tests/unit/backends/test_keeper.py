"""What the keeper tells the server, and what it needs itself."""

import subprocess
import sys

from rrq_backends.embedded import keeper


def test_the_configuration_keeps_a_path_whole_whatever_is_in_it() -> None:
    directory = '/data/with "quotes", spaces # and ü'
    line = next(line for line in keeper.configuration(directory, "/s").splitlines() if line[:4] == "dir ")
    quoted = line.removeprefix("dir ").strip('"')
    assert bytes.fromhex(quoted.replace("\\x", "")).decode() == directory


def test_the_keeper_runs_on_the_standard_library_alone() -> None:
    program = "import sys, runpy; runpy.run_path(sys.argv[1]); print(sorted(m for m in sys.modules if 'rrq' in m))"
    done = subprocess.check_output([sys.executable, "-I", "-S", "-c", program, keeper.__file__], text=True)
    assert done.strip() == "[]"
