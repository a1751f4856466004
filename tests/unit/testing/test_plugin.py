"""The fixtures that users' tests get from the pytest plugin."""

import operator

import rrq_core as rrq


def test_a_queue_with_a_worker_is_one_fixture_away(rrq_queue: rrq.Controller) -> None:
    assert rrq_queue.submit(operator.add, 1, 2).result(timeout=10) == 3


def test_the_queue_of_a_test_is_the_default_one(rrq_queue: rrq.Controller) -> None:
    task = rrq.task_create_call(operator.add, (1, 2))
    assert rrq.task_result(task) == 3 if rrq.task_wait(task, timeout=10) else False


def test_a_private_server_keeps_its_queues_for_as_long_as_somebody_uses_it(rrq_server: str) -> None:
    with rrq.connect("lab", rrq_server) as first:
        task = first.submit(operator.add, 1, 2)
        with rrq.connect("lab", rrq_server) as second:
            assert rrq.task_list(controller=second) == [task.id]
