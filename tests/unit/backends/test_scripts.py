"""Scripts are joined from fragments; a mistake in the parts is found when they are loaded."""

import pytest

from rrq_backends.redis.joining import Library, ScriptError
from rrq_backends.redis.scripts import all_scripts

KEYS = """-- Keys.
local function key(name)
  return 'Q:' .. name
end
"""
CLOCK = """-- include: keys
local now = time(key('now'))

local function after(seconds)
  return add(now, seconds)
end
"""
LATE = """-- include: clock
local function late()
  return after(1)
end
"""
LIBRARY = Library({"keys": KEYS, "clock": CLOCK, "late": LATE})


def text(script: str) -> str:
    return LIBRARY.join("look", script).text


def test_a_fragment_stands_once_and_before_its_use() -> None:
    joined = text("-- include: clock late\nreturn late(now)\n")
    assert joined.count("local now") == 1
    assert joined.index("local now") < joined.index("local function late") < joined.index("return late(now)")


def test_comments_are_not_sent() -> None:
    assert "--" not in text("-- Looks.\n-- include: clock\nreturn now\n")


def test_what_is_not_used_is_not_sent() -> None:
    assert "after" not in text("-- include: clock\nreturn now\n")


def test_a_definition_that_only_another_uses_is_sent() -> None:
    assert "local function after" in text("-- include: late\nreturn late()\n")


def test_names_of_keys_are_written_out_where_they_are_used() -> None:
    script = "-- include: keys\nreturn f(key('a'), key(g(b, c)), key(d or 'e'))\n"
    assert text(script) == "return f(('Q:a'), ('Q:' .. (g(b, c))), ('Q:' .. (d or 'e')))"


def test_an_indented_include_stands_in_its_block_alone() -> None:
    joined = text("-- include: keys\nif key('a') then\n  -- include: late\n  return late()\nend\n")
    assert joined.index("if ('Q:a') then") < joined.index("local now") < joined.index("return late()")


def test_a_block_does_not_repeat_what_the_whole_script_includes() -> None:
    joined = text("-- include: clock\nif now then\n  -- include: late\n  return late()\nend\n")
    assert joined.count("local now") == 1


def test_an_unknown_include_is_an_error() -> None:
    with pytest.raises(ScriptError, match="'look' includes the fragment 'cloc', which does not exist"):
        text("-- include: cloc\nreturn 1\n")


def test_an_unused_include_is_an_error() -> None:
    with pytest.raises(ScriptError, match="includes the fragment 'clock' and uses nothing of it"):
        text("-- include: keys clock\nreturn key('a')\n")


def test_a_fragment_that_does_more_than_define_is_an_error() -> None:
    with pytest.raises(ScriptError, match="'doer' is to be a list of local definitions"):
        Library({"doer": "redis.call('PING')\n"})


def test_every_script_loads() -> None:
    assert {"connect", "submit", "step", "register", "delete"} <= set(all_scripts())
