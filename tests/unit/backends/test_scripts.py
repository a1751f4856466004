"""Scripts are joined from fragments; a mistake in the parts is found when they are loaded."""

import pytest

from rrq_backends.redis.scripts import ScriptError, all_scripts, join

FRAGMENTS = {
    "keys": "-- Keys.\nlocal function key(name)\n  return name\nend\n",
    "clock": "-- include: keys\nlocal now = key('now')\n",
}


def test_a_fragment_stands_once_and_before_its_use() -> None:
    script = join("look", "-- include: keys clock\nreturn key(now)\n", FRAGMENTS)
    assert script.text.count("local function key(name)") == 1
    assert (
        script.text.index("local function key") < script.text.index("local now") < script.text.index("return key(now)")
    )


def test_comments_are_not_sent() -> None:
    assert "--" not in join("look", "-- Looks.\n-- include: keys\nreturn key('a')\n", FRAGMENTS).text


def test_an_unknown_include_is_an_error() -> None:
    with pytest.raises(ScriptError, match="'look' includes the fragment 'cloc', which does not exist"):
        join("look", "-- include: cloc\nreturn 1\n", FRAGMENTS)


def test_an_unused_include_is_an_error() -> None:
    with pytest.raises(ScriptError, match="includes the fragment 'clock' and uses nothing of it"):
        join("look", "-- include: keys clock\nreturn key('a')\n", FRAGMENTS)


def test_every_script_loads() -> None:
    assert {"connect", "submit", "step", "register", "delete"} <= set(all_scripts())
