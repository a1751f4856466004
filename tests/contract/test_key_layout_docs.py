"""The page of the key layout, the Python names and the Lua names say the same."""

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from rrq_backends.redis import keys
from rrq_core.model.ids import GroupName, QueueId, QueueName, TaskId, WatcherId, WorkerId

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "key-layout.md"
LUA = files("rrq_backends.redis") / "lua"
NAMES_OF = {
    r"key\('([a-z_:]+)'\)": keys.SINGLE,
    r"task_key\(\w+, '([a-z_:]+)'\)": keys.TASK_PARTS,
    r"worker_key\(\w+, '([a-z_:]+)'\)": keys.WORKER_PARTS,
    r"S \.\. ':([a-z_]+)'": keys.STORE_SINGLE,
}


def documented_keys() -> list[str]:
    rows = re.findall(r"^\| (`Q:.*?) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return [key for row in rows for key in re.findall(r"`(\S+)`", row)]


def keys_in_code() -> Iterator[str]:
    queue, store = keys.QueueKeys(QueueId("Q")), keys.StoreKeys("Q:object_store")
    task, worker = TaskId("T"), WorkerId("W")
    yield from (queue.single(name) for name in keys.SINGLE)
    yield from (queue.task_part(task, part) for part in keys.TASK_PARTS)
    yield from (queue.worker_part(worker, part) for part in keys.WORKER_PARTS)
    yield from (queue.queue(QueueName("N")), queue.wake(QueueName("N")), queue.complete(task))
    yield from (queue.inbox(WatcherId("X")), queue.group(GroupName("NAME")))
    yield from (store.single(name) for name in keys.STORE_SINGLE)
    yield from (store.tag_hash("T"), store.hash_tag("H"))


def lua_texts() -> dict[str, str]:
    folders = (LUA, LUA / "fragments")
    return {file.name: file.read_text() for folder in folders for file in folder.iterdir() if file.is_file()}


def test_every_key_in_the_code_is_on_the_page_and_no_other() -> None:
    assert sorted(documented_keys()) == sorted(keys_in_code())


@pytest.mark.parametrize(("spelt", "names"), NAMES_OF.items(), ids=["queue", "task", "worker", "store"])
def test_every_key_that_lua_names_is_one_that_python_knows(spelt: str, names: tuple[str, ...]) -> None:
    used = {name for text in lua_texts().values() for name in re.findall(rf"(?<!_){spelt}", text)}
    assert used
    assert used - {"tag_hash", "hash_tag"} <= set(names)
