"""Any history of calls leaves the reference backend and the Redis adapter in the same state, and both lawful."""

import secrets
from functools import partial

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from rrq_core.model.ids import GroupName, Hash, QueueId, QueueName, Tag, TaskId, WatcherId, new_task_id
from rrq_core.model.status import OnLost, TaskStatus, WorkerStatus
from rrq_core.model.task import NewRetry
from rrq_core.model.value import Written
from rrq_core.model.work import Finished, Work
from rrq_core.ports import Backend
from rrq_core.testing import new_task, new_value, new_worker
from tests.contract.conftest import Adapter
from tests.contract.pair import Hands, Pair
from tests.contract.reference import Server, open_reference

WATCHER = WatcherId("1" * 16)
QUEUES = (QueueName("a"), QueueName("b"))
AT_ONCE = 1e-6  # seconds: over before the next call
ENDS = (TaskStatus.COMPLETE, TaskStatus.ERROR, TaskStatus.DIED, TaskStatus.CANCELLED, TaskStatus.TIMEOUT)
EVERY_RUN = settings(
    max_examples=15,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate, Phase.shrink],
    # Rules that want a task or a claim before there is one count as filtered.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def new_pair(store: Adapter) -> Pair:
    """A reference and an adapter, both empty."""
    queue_id = QueueId(f"lab {secrets.token_hex(8)}")
    return Pair(open_reference(Server(), queue_id), store.open(queue_id))


class Lifecycle(RuleBasedStateMachine):
    """Tasks are submitted, taken, finished and all the rest, by anybody, in any order."""

    tasks = Bundle("tasks")
    workers = Bundle("workers")
    claims = Bundle("claims")
    past = Bundle("past")

    def __init__(self, store: Adapter) -> None:
        super().__init__()
        self.pair = new_pair(store)

    def teardown(self) -> None:
        for backend in self.pair.each():
            backend.queue.destroy()
            backend.close()

    @invariant()
    def both_are_alike_and_lawful(self) -> None:
        self.pair.assert_alike(QUEUES)

    @rule(
        target=tasks,
        queue=st.sampled_from(QUEUES),
        front=st.booleans(),
        separate=st.booleans(),
        retries=st.integers(0, 2),
        on_lost=st.sampled_from(OnLost),
        key=st.sampled_from([None, None, "k", "l"]),
        call=st.sampled_from(["f", "g"]),
        argument=st.sampled_from([b"x", b"y"]),
        result_ttl=st.sampled_from([None, None, AT_ONCE]),
        group=st.sampled_from([None, None, GroupName("g")]),
    )
    def submit(
        self,
        queue: QueueName,
        front: bool,
        separate: bool,
        retries: int,
        on_lost: OnLost,
        key: str | None,
        call: str,
        argument: bytes,
        result_ttl: float | None,
        group: GroupName | None,
    ) -> TaskId:
        value = new_value(argument)
        task = new_task(
            queue=queue,
            front=front,
            separate_process=separate,
            retries=retries,
            on_lost=on_lost,
            max_attempts=2,
            key=key,
            call=call,
            values=(value.hash,),
            result_ttl=result_ttl,
            group=group,
        )
        self.pair.both(lambda backend: backend.queue.submit([task], [value]))
        return task.id

    @rule(target=tasks, parents=st.lists(tasks, min_size=1, max_size=3, unique=True), is_late=st.booleans())
    def submit_dependent(self, parents: list[TaskId], is_late: bool) -> TaskId:
        depends_on = tuple(parents)
        delay = 600.0 if is_late else 0.0
        task = new_task(queue=QUEUES[0], depends_on=depends_on, takes_result_of=depends_on[:2], delay=delay)
        self.pair.both(lambda backend: backend.queue.submit([task]))
        return task.id

    @rule(target=workers, name=st.sampled_from(["w", "x", "y"]))
    def register(self, name: str) -> object:
        hands = self.pair.register(new_worker(QUEUES, id=name))
        return multiple() if hands is None else hands

    @rule(target=claims, hands=workers)
    def take(self, hands: Hands) -> object:
        works = self.pair.take(hands)
        return multiple() if works is None else (hands, works)

    @rule(
        target=past,
        claim=consumes(claims),
        status=st.sampled_from(ENDS),
        result=st.sampled_from([b"1", b"2"]),
        is_retried=st.booleans(),
    )
    def finish(
        self, claim: tuple[Hands, tuple[Work, Work]], status: TaskStatus, result: bytes, is_retried: bool
    ) -> object:
        hands, works = claim
        retry_in = 0.0 if is_retried and status is TaskStatus.ERROR else None

        def end(work: Work) -> Finished:
            return Finished(claim=work.claim, status=status, result=new_value(result), retry_in=retry_in, note="n")

        ends = dict(zip(hands.each(), map(end, works), strict=True))
        first, second = self.pair.by_hands(hands, lambda hand: hand.backend.queue.step(hand.session, ends[hand]))
        assert first == second
        return hands, works, tuple(ends.values())

    @rule()
    def expire(self) -> None:
        self.pair.both(lambda backend: sorted(backend.queue.recover(now=True).expired))

    @rule(some=st.lists(tasks, max_size=3, unique=True))
    def watch(self, some: list[TaskId]) -> None:
        def over(backend: Backend) -> object:
            return sorted((end.task, end.status) for end in backend.queue.watch(WATCHER, some))

        self.pair.both(over)

    @rule()
    def hear(self) -> None:
        def heard(backend: Backend) -> object:
            return sorted((end.task, end.status) for end in backend.queue.ended(WATCHER, 0.001))

        self.pair.both(heard)

    @rule(old=past)
    def finish_again(self, old: tuple[Hands, tuple[Work, Work], tuple[Finished, Finished]]) -> None:
        hands, _, ends = old
        again = dict(zip(hands.each(), ends, strict=True))
        first, second = self.pair.by_hands(hands, lambda hand: hand.backend.queue.step(hand.session, again[hand]))
        assert first == second

    @rule(claim=claims, progress=st.sampled_from([b"1", b"2"]), checkpoint=st.sampled_from([b"c", b"d"]))
    def tell(self, claim: tuple[Hands, tuple[Work, Work]], progress: bytes, checkpoint: bytes) -> None:
        hands, works = claim
        claims = dict(zip(hands.each(), works, strict=True))
        change = {"progress": progress, "checkpoint": new_value(checkpoint)}
        first, second = self.pair.by_hands(hands, lambda hand: hand.tell(claims[hand].claim, **change))
        assert first == second

    @rule(hands=workers, status=st.sampled_from([WorkerStatus.EXITED, WorkerStatus.LOST]), idle=st.booleans())
    def leave(self, hands: Hands, status: WorkerStatus, idle: bool) -> None:
        first, second = self.pair.by_hands(
            hands, lambda hand: hand.backend.workers.leave(hand.session, status, "", idle)
        )
        assert first == second

    @rule(names=st.lists(st.sampled_from(["w", "x", "y"])), even_silent=st.sampled_from([False, False, False, True]))
    def forget(self, names: list[str], even_silent: bool) -> None:
        self.pair.both(lambda backend: sorted(backend.workers.forget(names, even_silent)))

    @rule(task=tasks)
    def cancel(self, task: TaskId) -> None:
        self.pair.both(lambda backend: backend.queue.cancel(task))

    @rule(some=st.lists(tasks, max_size=3), queue=st.sampled_from(QUEUES))
    def remove(self, some: list[TaskId], queue: QueueName) -> None:
        self.pair.both(lambda backend: backend.queue.remove(some, queue))

    @rule(target=tasks, some=st.lists(tasks, min_size=1, max_size=2), queue=st.sampled_from([None, *QUEUES]))
    def retry(self, some: list[TaskId], queue: QueueName | None) -> object:
        requests = [NewRetry(task=task, new=new_task_id(), queue=queue) for task in some]
        answer = self.pair.both(lambda backend: backend.queue.retry(requests))
        return multiple(*(request.new for request in requests)) if isinstance(answer, list) else multiple()

    @rule(some=st.lists(tasks, max_size=3), even_running=st.booleans(), even_needed=st.booleans())
    def delete(self, some: list[TaskId], even_running: bool, even_needed: bool) -> None:
        def gone(dropped: object) -> object:
            tasks, hashes = getattr(dropped, "tasks", None), getattr(dropped, "hashes", None)
            return dropped if tasks is None else (sorted(tasks), sorted(hashes))

        self.pair.both(lambda backend: gone(backend.queue.delete(some, even_running, even_needed)))


class Store(RuleBasedStateMachine):
    """Values are put and dropped by tags, small and large, in any order."""

    def __init__(self, store: Adapter) -> None:
        super().__init__()
        self.pair = new_pair(store)
        self.asked: dict[Tag, tuple[Hash, str]] = {}

    def teardown(self) -> None:
        for backend in self.pair.each():
            backend.objects.destroy()
            backend.close()

    tags = st.sampled_from([Tag("one"), Tag("two"), Tag("three:checkpoint")])
    contents = st.sampled_from([b"a", b"b", b"c"])

    @rule(tag=tags, contents=st.lists(contents, max_size=3), is_large=st.booleans())
    def put(self, tag: Tag, contents: list[bytes], is_large: bool) -> None:
        values = [new_value(content, is_large=is_large) for content in contents]
        answers = self.pair.both(lambda backend: backend.objects.put(tag, values))
        assert isinstance(answers, list)
        for placement in answers:
            if placement.name is not None:
                self.asked[tag] = (placement.hash, placement.name)

    @rule(tag=tags)
    def commit(self, tag: Tag) -> None:
        if tag in self.asked:
            value, name = self.asked.pop(tag)
            written = [Written(hash=value, name=name, size=1)]
            self.pair.both(lambda backend: backend.objects.commit(tag, written))

    @rule(some=st.lists(tags, max_size=2, unique=True))
    def drop(self, some: list[Tag]) -> None:
        def gone(backend: Backend) -> object:
            dropped = backend.objects.drop(some)
            return sorted(dropped.hashes), sorted(dropped.names)

        self.pair.both(gone)

    @rule()
    def collect(self) -> None:
        self.pair.both(lambda backend: sorted(backend.objects.collect([])))

    @invariant()
    def both_are_alike(self) -> None:
        every = [new_value(content).hash for content in (b"a", b"b", b"c")]
        self.pair.both(lambda backend: backend.objects.get(every))
        self.pair.both(lambda backend: backend.objects.find(every))
        self.pair.both(lambda backend: set(backend.objects.hashes()))
        self.pair.both(lambda backend: set(backend.objects.tags()))


@pytest.fixture(scope="session", params=["memory", "valkey"])
def store(request: pytest.FixtureRequest) -> Adapter:
    found: Adapter = request.getfixturevalue(request.param)
    return found


@pytest.mark.timeout(600)  # a failure is made small before it is shown
@pytest.mark.parametrize("machine", [Lifecycle, Store])
def test_any_history_leaves_both_alike_and_lawful(machine: type[Lifecycle | Store], store: Adapter) -> None:
    run_state_machine_as_test(partial(machine, store), settings=EVERY_RUN)
    if store.take_keys is not None:
        assert store.take_keys() == set(), "keys were left behind"
