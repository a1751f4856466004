"""The way to a server that repeats scripts really does so; without it, the suites over it would prove nothing."""

from rrq_core.model.ids import QueueId
from rrq_core.testing import new_task
from tests.contract.conftest import Adapter
from tests.contract.servers import SessionServer


def scripts_run(server: SessionServer) -> int:
    calls: int = server.client.info("commandstats")["cmdstat_evalsha"]["calls"]
    return calls


def test_each_script_runs_twice(repeating: Adapter, valkey_server: SessionServer, queue_id: QueueId) -> None:
    backend = repeating.open(queue_id)
    backend.queue.submit([new_task()])
    before = scripts_run(valkey_server)
    answers = backend.queue.submit([new_task()])
    assert scripts_run(valkey_server) - before == 2
    assert answers[0].known
    backend.queue.destroy()
    backend.close()
