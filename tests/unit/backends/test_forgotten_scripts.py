"""A server that does not know a script, or forgets it at any moment, is told its text."""

import pytest

from rrq_backends.redis.failures import ScriptUnknown
from rrq_backends.redis.scripts import Scripts


class Forgetful:
    """A server that never remembers a script."""

    def call(self, *command):
        if command[0] == "EVALSHA":
            raise ScriptUnknown("NOSCRIPT")
        return command

    def pipeline(self, commands, depth):
        return [self.call(*command) for command in commands]


@pytest.fixture
def scripts() -> Scripts:
    return Scripts(Forgetful())


def test_a_script_that_is_forgotten_again_and_again_runs(scripts):
    command, text, keys, slot, *arguments = scripts.run("log", "q:slot", "q", "w")
    assert (command, keys, slot, arguments) == ("EVAL", 1, "q:slot", ["q", "w"])
    assert "write_log" in text


def test_so_do_its_portions(scripts):
    ran = scripts.run_each("log", "q:slot", [["q", "w"], ["q", "v"]])
    assert [command[0] for command in ran] == ["EVAL", "EVAL"]
    assert [command[-1] for command in ran] == ["w", "v"]
