"""What a worker prints of its log."""

import re

from rrq_core.model.ids import WorkerId
from rrq_core.model.worker import NewLogEntry, NewWorker
from rrq_core.testing.builders import new_worker_info
from rrq_core.worker.journal import Journal
from tests.unit.worker.lab import Lab


def test_lines_of_a_tasks_process_are_printed_with_its_id(lab: Lab):
    info = new_worker_info()
    session = lab.backend.workers.register(NewWorker(id=WorkerId("w"), queues=info.queues, info=info))
    journal = Journal(lab.backend.workers, lab.printed.append)
    journal.write(session, [NewLogEntry(command="REMOTE", message="T"), NewLogEntry(command="CHILD", child=7)])
    first, second = lab.printed
    assert re.fullmatch(r"[0-9T:.+-]+ REMOTE T", first)
    assert re.fullmatch(r"[0-9T:.+-]+/7 CHILD", second)
