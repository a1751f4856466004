"""Each script in turn is executed, and its reply is lost: the second run changes nothing, and the answer is as good."""

import threading
from collections.abc import Callable

import pytest

import rrq_core as rrq
from rrq_backends.redis.scripts import all_scripts
from rrq_core.model.ids import DEFAULT_QUEUE, Tag, TaskId, new_task_id
from rrq_core.model.setting import QUEUE_CONFIGURATION
from rrq_core.model.status import TaskStatus, WorkerStatus
from rrq_core.model.task import CancelReply, NewRetry, Standing, TaskChange, TaskField
from rrq_core.model.value import PlacementKind, Written
from rrq_core.model.work import Finished, FinishReply, MessageIn, Take, Work
from rrq_core.model.worker import HeartbeatTerms, NewLogEntry, NewWorker
from rrq_core.ports import Backend
from rrq_core.testing.builders import new_task, new_tasks, new_value, new_watcher, new_worker
from rrq_core.testing.hand import Hand
from tests.faults.proxy import CuttingProxy

Transition = Callable[[Backend, Backend], None]
ALL = Take(queues=(DEFAULT_QUEUE,))


def status_of(backend: Backend, task: TaskId) -> TaskStatus:
    (record,) = backend.queue.read([task], frozenset({TaskField.STATUS}), follow=False)
    return TaskStatus.MISSING if record is None or record.status is None else record.status


def hand_over(direct: Backend, cut: Backend, worker: NewWorker | None = None) -> Hand:
    """A worker that registered over the whole connection and goes on over the other."""
    hand = Hand(direct, worker=worker)
    hand.backend = cut
    return hand


def connect(direct: Backend, cut: Backend) -> None:
    answer = cut.settings.connect("schema", b"who", {QUEUE_CONFIGURATION: b"{}"})
    assert (answer.schema, answer.configuration) == ("schema", b"{}")


def submit(direct: Backend, cut: Backend) -> None:
    tasks = new_tasks(3)
    assert [each.task for each in cut.queue.submit(tasks)] == [task.id for task in tasks]
    assert direct.queue.waiting(DEFAULT_QUEUE).tasks == tuple(task.id for task in tasks)


def step(direct: Backend, cut: Backend) -> None:
    hand = hand_over(direct, cut)
    first, second = new_tasks(2)
    direct.queue.submit([first, second])
    work = hand.look()
    assert isinstance(work, Work)
    assert work.claim.attempt == 1
    finished = Finished(claim=work.claim, status=TaskStatus.COMPLETE, result=new_value(b"value"))
    after = direct.queue.step(hand.session, finished, ALL)
    again = direct.queue.step(hand.session, finished, ALL)
    assert (after.finish, again.finish) == (FinishReply.OK, FinishReply.ALREADY)
    assert after.work == again.work


def release(direct: Backend, cut: Backend) -> None:
    parent = new_task()
    children = [new_task(depends_on=(parent.id,)) for _ in range(1200)]
    direct.queue.submit([parent, *children])
    hand = hand_over(direct, cut)
    hand.run(parent.id)
    assert sorted(direct.queue.waiting(DEFAULT_QUEUE).tasks) == sorted(child.id for child in children)


def watch(direct: Backend, cut: Backend) -> None:
    task, watcher = new_task(), new_watcher()
    direct.queue.submit([task])
    assert cut.queue.watch(watcher, [task.id]) == []
    Hand(direct).run(task.id)
    assert [one.task for one in direct.queue.ended(watcher, 5.0)] == [task.id]


def read(direct: Backend, cut: Backend) -> None:
    task = new_task()
    direct.queue.submit([task])
    assert status_of(cut, task.id) is TaskStatus.PENDING


def update(direct: Backend, cut: Backend) -> None:
    work = Hand(direct).submit_and_take(new_task())
    assert cut.queue.update(work.claim, TaskChange(pid=17)).standing is Standing.HELD


def cancel(direct: Backend, cut: Backend) -> None:
    task = new_task()
    direct.queue.submit([task])
    assert cut.queue.cancel(task.id).reply is CancelReply.DONE


def remove(direct: Backend, cut: Backend) -> None:
    tasks = new_tasks(20)
    direct.queue.submit(tasks)
    assert all(cut.queue.remove([task.id for task in tasks], DEFAULT_QUEUE))
    assert direct.queue.waiting(DEFAULT_QUEUE).total == 0


def retry(direct: Backend, cut: Backend) -> None:
    hand = Hand(direct)
    hand.fail(hand.submit_and_take(task := new_task()))
    assert cut.queue.retry([NewRetry(task=task.id, new=new_task_id())]) == [TaskStatus.PENDING]
    assert direct.queue.waiting(DEFAULT_QUEUE).total == 1


def delete(direct: Backend, cut: Backend) -> None:
    task = new_task()
    direct.queue.submit([task])
    cut.queue.delete([task.id])
    assert list(direct.queue.tasks()) == []


def recover(direct: Backend, cut: Backend) -> None:
    task = new_task(delay=0.001)
    direct.queue.submit([task])
    cut.queue.recover(now=True)
    assert status_of(direct, task.id) is TaskStatus.PENDING


def check(direct: Backend, cut: Backend) -> None:
    direct.queue.submit(new_tasks(3))
    assert cut.queue.check() == []


def register(direct: Backend, cut: Backend) -> None:
    Hand(cut).look()


def leave(direct: Backend, cut: Backend) -> None:
    hand = hand_over(direct, cut)
    assert cut.workers.leave(hand.session, WorkerStatus.EXITED, "done")


def log(direct: Backend, cut: Backend) -> None:
    hand = hand_over(direct, cut)
    cut.workers.log(hand.session, [NewLogEntry(command="ALIVE")])
    assert {entry.command for entry in direct.workers.log_tail([hand.worker.id], None)} == {"ALIVE"}


def forget(direct: Backend, cut: Backend) -> None:
    hand = hand_over(direct, cut)
    direct.workers.leave(hand.session, WorkerStatus.EXITED, "done")
    cut.workers.forget([hand.worker.id])
    assert direct.workers.read(None, frozenset(WorkerStatus)) == []


def send(direct: Backend, cut: Backend) -> None:
    hand = Hand(direct)
    message = cut.messages.send(b"ECHO", [hand.worker.id])
    assert hand.take_message() == MessageIn(id=message, body=b"ECHO")
    assert direct.messages.answer(hand.session, message, b"OK")
    assert hand.look() is None


def answer(direct: Backend, cut: Backend) -> None:
    hand = Hand(direct)
    message = direct.messages.send(b"PING", [hand.worker.id])
    cut.messages.answer(hand.session, message, b"PONG")
    assert direct.messages.answers(message, [hand.worker.id], delete=True) == {hand.worker.id: {message: b"PONG"}}


def beat(direct: Backend, cut: Backend) -> None:
    terms = HeartbeatTerms(period=10.0, expire=30.0)
    hand = hand_over(direct, cut, new_worker(heartbeat=terms))
    with pytest.raises(rrq.BackendUnavailable):  # who beats is to be told at once, and tries again in its own time
        hand.beat()
    assert hand.beat()


def put(direct: Backend, cut: Backend) -> None:
    value = new_value(b"bytes")
    assert cut.objects.put(Tag("mine"), [value])[0].kind is not PlacementKind.WRITE
    assert direct.objects.drop([Tag("mine")]).hashes == (value.hash,)


def commit(direct: Backend, cut: Backend) -> None:
    value = new_value(b"bytes", is_large=True)
    (placement,) = direct.objects.put(Tag("mine"), [value])
    assert placement.name is not None
    written = Written(hash=value.hash, name=placement.name, size=value.size)
    assert cut.objects.commit(Tag("mine"), [written]) == [True]
    assert direct.objects.drop([Tag("mine")]).names == (placement.name,)


def drop(direct: Backend, cut: Backend) -> None:
    direct.objects.put(Tag("mine"), [new_value(b"bytes")])
    cut.objects.drop([Tag("mine")])
    assert list(direct.objects.hashes()) == []


def collect(direct: Backend, cut: Backend) -> None:
    orphan = new_value(b"orphan").hash
    assert cut.objects.collect([orphan]) == [orphan]


TRANSITIONS = (
    connect, submit, step, release, watch, read, update, cancel, remove, retry, delete, recover, check, register, leave,
    log, forget, send, answer, beat, put, commit, drop, collect,
)  # fmt: skip


def test_every_script_is_tried() -> None:
    assert {transition.__name__ for transition in TRANSITIONS} == set(all_scripts())


@pytest.mark.parametrize("transition", TRANSITIONS, ids=lambda transition: transition.__name__)
def test_a_lost_reply_changes_nothing(
    transition: Transition, direct: Backend, cut: Backend, proxy: CuttingProxy
) -> None:
    direct.heartbeat.remaining(["lab:any"])
    cut.heartbeat.remaining(["lab:any"])
    proxy.cut_next(all_scripts()[transition.__name__].digest.encode())
    transition(direct, cut)
    assert proxy.cuts == 1
    assert direct.queue.check() == []


def test_a_signal_whose_reply_is_lost_is_heard_once(direct: Backend, cut: Backend, proxy: CuttingProxy) -> None:
    cut.heartbeat.remaining(["lab:any"])
    proxy.cut_next(b"lab:any:kill")
    cut.heartbeat.signal("lab:any", 15)
    assert proxy.cuts == 1
    heard = [one for _ in range(3) for one in direct.heartbeat.signals(["lab:any"], 0.05)]
    assert heard == [("lab:any", 15)]


def test_an_inbox_that_loses_what_it_popped_loses_no_answer(direct: Backend, proxy: CuttingProxy) -> None:
    with rrq.connect("lab", proxy.url) as controller:
        task = controller.submit(abs, -1)
        outcome: list[bool] = []
        waiter = threading.Thread(target=lambda: outcome.append(task.wait(timeout=30)))
        proxy.cut_next(b"lab:waiter:")
        waiter.start()
        Hand(direct).run(TaskId(task.id))
        waiter.join(timeout=30)
    assert outcome == [True]
    assert proxy.cuts == 1
