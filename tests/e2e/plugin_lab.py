"""Plugins that somebody else has written: installed into a directory of their own beside us, and proven there."""

import os
import subprocess
import sys
from pathlib import Path

from attrs import frozen

from tests.e2e.pages import ROOT


@frozen
class PluginLab:
    """A directory into which a plugin from `examples/` is installed."""

    project: Path
    directory: Path

    @classmethod
    def of(cls, name: str, directory: Path) -> "PluginLab":
        project = ROOT / "examples" / name
        install = ["install", "-q", "--no-index", "--no-deps", "--no-build-isolation", "--target", str(directory)]
        subprocess.run([sys.executable, "-m", "pip", *install, str(project)], check=True, timeout=100)
        return cls(project, directory)

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, *arguments],
            env={**os.environ, "PYTHONPATH": str(self.directory)},
            cwd=self.directory,
            capture_output=True,
            text=True,
            timeout=100,
        )

    def proven(self, tests: Path, *options: str) -> "subprocess.CompletedProcess[str]":
        """Run tests as somebody who has installed the plugin does."""
        plain = ["-q", "-p", "no:cacheprovider", "--rootdir", str(tests.parent), "-c", os.devnull]
        return self.run("-m", "pytest", *plain, *options, str(tests))
