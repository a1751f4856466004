"""What a zygote does before its first fork."""

import os
import sys
import warnings

import pytest

from rrq_core.model.ids import QueueId
from rrq_core.worker.creation import created
from rrq_core.worker.current import current_task
from rrq_core.worker.process.rehearsal import rehearse


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")
def test_a_rehearsal_leaves_nothing_behind(capfd: pytest.CaptureFixture[str]) -> None:
    environment = created(None, QueueId("lab"))
    rehearse(environment)
    before = os.listdir("/proc/self/fd"), list(warnings.filters), {*sys.modules}
    rehearse(environment)
    assert (os.listdir("/proc/self/fd"), list(warnings.filters), {*sys.modules}) == before
    assert current_task() is None
    assert capfd.readouterr() == ("", "")
