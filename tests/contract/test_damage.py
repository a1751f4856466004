"""Whatever is lost, doubled or altered in a queue: `check` names it, repairing mends it, and work goes on."""

import re
from collections.abc import Iterator

import pytest

from rrq_backends.redis.queue import RedisQueue
from rrq_core.model.ids import QueueId, QueueName
from rrq_core.model.work import Work
from rrq_core.ports import Backend
from rrq_core.testing import assert_lawful, new_task
from rrq_core.testing.hand import Hand
from tests.contract.conftest import Adapter
from tests.contract.damage import Damage, Scene, build, every_damage, kind_of

ENDED = "(COMPLETE|ERROR|CANCELLED|DIED|TIMEOUT|IMPOSSIBLE)"
NOT_RUNNING = "(?!RUNNING)[A-Z]+"

# What breaks no law, and why.
NO_LAW = {
    r"lose (wake:|worker:\S*:wake).*": "tokens are hints: a sleeper looks at each poll",
    r"lose (waiter:|waiters|task:watchers).*": "an inbox may lose anything: who waits watches again",
    r"lose (message:sent|worker:\S*:message).*": "nothing else knows of a message",
    r"lose worker:\S*:log.*": "lines of a log",
    r"lose worker:(config|process|left).*|lose worker:info gone": "what nobody works by any more, or defaults apply",
    r"lose tasks:complete:.*": "for other tools; we never read it",
    r"lose task:(progress|pid|logfile|log|timeout|checkpoint|cancel).*": "what a running task told or was told",
    r"lose task:(errors|losses).*": "a count begins anew: one try more",
    r"lose task:\S+:attempts.*": "history",
    rf"lose task:(worker|time_start|attempt) {NOT_RUNNING}": "history; an attempt is counted by its lines",
    r"lose task:(result|time_complete) MOVED": "history: another task is in its place",
    r"lose task:options .*|say options of .* is {}": "options return to their defaults",
    r"lose task:\S+:depends:up:original.*": "history: what it still waits for is elsewhere",
    r"put .* into releasing": "nothing is left to release: it is struck off",
    r"put RUNNING into those asked to stop": "it runs in a process of its own, so it may have been",
    r"put DEFERRED into due": "a task may wait for a time as well",
    rf"say {ENDED} is {ENDED}": "one end looks like another",
    rf"say queue of {NOT_RUNNING} is (busy|default)|say queue of RUNNING is .*": "any queue would do",
    rf"say worker of {NOT_RUNNING} is .*": "history",
}


@pytest.fixture(scope="session", params=["memory", "valkey"])
def store(request: pytest.FixtureRequest) -> Adapter:
    found: Adapter = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def backend(store: Adapter, queue_id: QueueId) -> Iterator[Backend]:
    backend = store.open(queue_id)
    yield backend
    backend.queue.destroy()
    backend.close()


def run_what_waits(backend: Backend) -> None:
    """Tasks are submitted, and all that waits is run, once each."""
    hand = Hand(backend, [QueueName("busy"), QueueName("default"), QueueName("elsewhere")])
    parent = new_task()
    child = new_task(depends_on=(parent.id,))
    backend.queue.submit([parent, child])
    done = []
    while (work := hand.look()) is not None:
        assert isinstance(work, Work)
        done.append(work.claim.task)
        hand.complete(work)
    assert len(done) == len(set(done))
    assert {parent.id, child.id} <= set(done)


def consequence(scene: Scene, backend: Backend, damage: Damage) -> str | None:
    """What is not as it should be after a damage."""
    scene.restore()
    scene.inflict(damage)
    if not backend.queue.check():
        is_exempt = any(re.fullmatch(pattern, kind_of(damage)) for pattern in NO_LAW)
        return None if is_exempt else "no law is said to be broken"
    backend.queue.check(repair=True)
    if left := backend.queue.check():
        return f"after it was mended, {scene.told(left[0].sentence)}"
    run_what_waits(backend)
    return None


def test_every_damage_is_named_and_mended(backend: Backend, store: Adapter) -> None:
    assert isinstance(backend.queue, RedisQueue)
    scene = build(backend, backend.queue._connections)
    assert_lawful(backend)
    every = every_damage(scene)
    tried = every if store.take_keys is not None else every[::60]  # fakeredis takes its time
    found = {damage.label: consequence(scene, backend, damage) for damage in tried}
    assert_lawful(backend)
    assert {label: wrong for label, wrong in found.items() if wrong is not None} == {}
