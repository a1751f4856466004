"""A client that sends an array and gets one back, and prints how often one was in its memory at the peak."""

import sys

import numpy

import rrq_core as rrq
from benchmarks.objects import changed, memory


def main(queue_id: str, url: str, size: str) -> None:
    """Send an array of so many bytes."""
    with rrq.connect(queue_id, url) as queue:
        queue.submit(changed, numpy.arange(3)).result()
        before = memory("self", "VmRSS")
        array = numpy.random.default_rng(2).random(int(size) // 8)
        queue.submit(changed, array).result()
    print((memory("self", "VmHWM") - before) / array.nbytes)


if __name__ == "__main__":
    main(*sys.argv[1:])
