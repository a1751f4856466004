"""What every Lua file keeps to: it runs on each server and on fakeredis, and says what it does."""

import re
from importlib.resources import files
from importlib.resources.abc import Traversable

import pytest

from rrq_backends.redis.scripts import all_scripts

LUA = files("rrq_backends.redis") / "lua"
FRAGMENTS = LUA / "fragments"
BANNED = ("cmsgpack", "struct.", "bit.", "redis.sha1hex", "BLMOVE", "'KEYS'", "os.", "io.", "loadstring", "redis.log")


def lua_files(folder: Traversable) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".lua"))


def code_of(text: str) -> str:
    """A script without its comments."""
    return re.sub(r"--.*", "", text)


@pytest.mark.parametrize("name", sorted(all_scripts()))
def test_a_script_uses_nothing_that_some_server_lacks(name: str) -> None:
    code = code_of(all_scripts()[name].text)
    assert not [word for word in BANNED if re.search(rf"(?<![\w.]){re.escape(word)}", code)]


@pytest.mark.parametrize("name", lua_files(LUA))
def test_a_script_says_what_it_takes_what_it_returns_and_which_law_it_keeps(name: str) -> None:
    lines = (LUA / name).read_text("utf-8").splitlines()
    header = "\n".join(line for line in lines if line.startswith("--"))
    assert re.match(r"-- \w", lines[0]), "the first line says what the script does"
    assert not [word for word in ("-- ARGV: ", "-- Returns: ", "-- Law: ") if word not in header]


@pytest.mark.parametrize("name", lua_files(FRAGMENTS))
def test_a_fragment_says_what_it_is_for(name: str) -> None:
    lines = (FRAGMENTS / name).read_text("utf-8").splitlines()
    assert any(re.match(r"-- (?!include:)\S", line) for line in lines[:2])


@pytest.mark.parametrize("name", lua_files(LUA))
def test_keys_are_spelt_by_fragments_alone(name: str) -> None:
    code = code_of((LUA / name).read_text("utf-8"))
    assert not re.search(r"\bQ \.\. ':", code)


@pytest.mark.parametrize("name", sorted(all_scripts()))
def test_a_script_makes_no_global(name: str) -> None:
    code = code_of(all_scripts()[name].text)
    assert not re.findall(r"^function ", code, re.MULTILINE)
