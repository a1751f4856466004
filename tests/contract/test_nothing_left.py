"""After tasks of every kind have lived and are deleted, no key and no field of theirs is left."""

from collections.abc import Mapping

import redis

from rrq_core.model.ids import QueueId, QueueName, TaskId, WatcherId, new_task_id
from rrq_core.model.report import Recovered
from rrq_core.model.status import OnLost, TaskStatus, WorkerStatus
from rrq_core.model.task import NewRetry
from rrq_core.model.worker import HeartbeatTerms
from rrq_core.plugins import open_backend
from rrq_core.ports import Backend
from rrq_core.testing import new_task, new_value, new_watcher, new_worker
from rrq_core.testing.hand import Hand
from tests.contract.servers import SessionServer

MEASURES = {b"hash": "hlen", b"set": "scard", b"zset": "zcard", b"list": "llen"}


def sizes(client: "redis.Redis", queue_id: QueueId) -> Mapping[str, int]:
    """How much is in each key, but for what workers leave (their logs, their records)."""
    keys = [key.decode() for key in client.scan_iter(count=1000) if b":worker:" not in key]
    return {key: getattr(client, MEASURES.get(client.type(key), "strlen"))(key) for key in keys if queue_id in key}


def live(backend: Backend, watcher: WatcherId) -> None:
    """Let tasks of every kind live and end in every way, and delete them."""
    hand, value = Hand(backend, [QueueName("default"), QueueName("b")]), new_value(b"argument")
    done = new_task(values=(value.hash,), key="key", call="call")
    failing = new_task(retries=1, result_ttl=600.0)
    child = new_task(depends_on=(done.id, failing.id), takes_result_of=(done.id,))
    late, lost = new_task(delay=600.0), new_task(on_lost=OnLost.REQUEUE, max_attempts=2)
    asked, removed = new_task(separate_process=True, timeout=9.0), new_task(queue=QueueName("b"))
    backend.queue.submit([done, failing, child, late, lost, asked, removed], [value], watcher=watcher)
    _run(hand, done.id)
    for _ in range(2):
        hand.finish(hand.take(failing.id), TaskStatus.ERROR, new_value(b"failure"), retry_in=0.0, note="no", log=b"log")
    backend.queue.retry([NewRetry(task=failing.id, new=(again := new_task_id()), queue=QueueName("b"))])
    backend.queue.cancel(late.id)
    backend.queue.remove([removed.id], QueueName("b"))
    stopped = hand.take(asked.id)
    backend.queue.cancel(asked.id)
    hand.fail(stopped, TaskStatus.CANCELLED)
    hand.take(lost.id)
    backend.workers.leave(hand.session, WorkerStatus.LOST, "SIGKILL")
    hand = Hand(backend, [QueueName("default"), QueueName("b")])
    _run(hand, again)
    backend.queue.watch(watcher, [lost.id])
    assert len(backend.queue.ended(watcher, 5.0)) > 0
    backend.queue.delete(sorted(set(backend.queue.tasks())))
    backend.queue.ended(watcher, 0.01)
    backend.workers.leave(hand.session, WorkerStatus.EXITED, "")


def _run(hand: Hand, task: TaskId) -> None:
    """Complete a task that tells everything that a task can."""
    work = hand.take(task)
    hand.tell(work.claim, progress=b"half", pid=1, logfile="/log", checkpoint=new_value(b"checkpoint"))
    hand.complete(work, b"result of " + task.encode())


def test_deleted_tasks_leave_no_key_and_no_field(valkey_server: SessionServer) -> None:
    backend = open_backend(valkey_server.url, QueueId("left"))
    watcher = new_watcher()
    live(backend, watcher)
    before = sizes(valkey_server.client, backend.queue_id)
    for _ in range(3):
        live(backend, watcher)
    after = sizes(valkey_server.client, backend.queue_id)
    assert after.keys() - {"left:recover"} <= before.keys()
    assert {key: n for key, n in after.items() if n > before.get(key, n)} == {}
    assert [key for key in after if ":task" in key or ":object_store:" in key] == []
    backend.queue.destroy()
    backend.close()
    assert valkey_server.take_keys() == set()


def test_who_still_looks_after_a_destroyed_queue_leaves_no_key(valkey_server: SessionServer) -> None:
    backend = open_backend(valkey_server.url, QueueId("left"))
    watcher, task = new_watcher(), new_task()
    hand = Hand(backend, worker=new_worker(id="hand", heartbeat=HeartbeatTerms(period=1.0, expire=3.0)))
    backend.queue.submit([task], watcher=watcher)
    backend.queue.destroy()
    assert not hand.beat()
    assert backend.queue.recover(now=True) == backend.queue.recover() == Recovered(is_gone=True)
    backend.queue.watch(watcher, [task.id])
    backend.queue.watch(watcher, [])
    backend.close()
    assert valkey_server.take_keys() == set()
