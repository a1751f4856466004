"""As soon as multiprocessing is imported, the module `__main__` has a second name."""

import sys

from rrq_core.payload.pickling import pickled


def test_what_is_in_main_can_be_sent_under_both_names(monkeypatch):
    monkeypatch.setitem(sys.modules, "__mp_main__", sys.modules["__main__"])
    assert pickled(lambda: 1, by_value={"__main__"}).has_code
