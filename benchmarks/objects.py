"""Large arrays, beside bare SET and GET and beside plain files: speed, and memory at the peak.

python -m benchmarks.objects            # 128 MB, and 1 GB to map
python -m benchmarks.objects --quick    # a few MB: does all of it work?
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import numpy
import redis

import rrq_core as rrq
from benchmarks.server import private_server
from benchmarks.table import Row, duration, markdown

Array = numpy.ndarray[tuple[int, ...], numpy.dtype[numpy.float64]]

ROUNDS = 3
MIB = 1024 * 1024


def changed(array: Array) -> Array:
    """Give an array back, as a task, with another first element: its bytes are others, and go their own way."""
    array[0] += 1
    return array


def seconds(call: Callable[[], object]) -> float:
    """Give the seconds that a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


@contextmanager
def queue_at(url: str, offload: str | None) -> Iterator[rrq.Controller]:
    """Give an empty queue with one worker, whose values above 1 MB go to the offload, if there is one."""
    name = f"objects-{os.urandom(4).hex()}"
    if offload is not None:
        rrq.configure(name, url, store_max_size=1e6, offload=offload)
    with rrq.connect(name, url) as queue, rrq.worker_spawn(1, controller=queue):
        queue.submit(changed, numpy.arange(3)).result()
        yield queue
        rrq.destroy(controller=queue)


def there_and_back(queue: rrq.Controller, array: Array) -> float:
    """Seconds, in the median, for an array as argument and as result."""

    def once() -> None:
        task = queue.submit(changed, array)
        task.result()
        task.delete()

    return median(seconds(once) for _ in range(ROUNDS))


def peak(queue: rrq.Controller, array: Array) -> float:
    """Give how often the array is in the worker's memory at the peak, beside what lay there before."""
    process = queue.submit(os.getpid).result()
    before = memory(process, "VmRSS")
    queue.submit(changed, array).result()
    return (memory(process, "VmHWM") - before) / array.nbytes


def memory(process: int | str, which: str) -> int:
    """Give the bytes of memory of a process, now or at the peak."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(which))


def peak_of_client(queue: rrq.Controller, size: int) -> float:
    """Give how often an array is in the memory of a client at the peak, its own array among them."""
    words = [sys.executable, "-m", "benchmarks.objects_client", queue.queue_id, queue.url, str(size)]
    return float(subprocess.check_output(words, text=True))


def set_and_get(url: str, data: bytes) -> float:
    """Seconds, in the median, for bare SET and GET of so many bytes."""
    with redis.Redis.from_url(url) as client:

        def once() -> None:
            client.set("bare", data)
            client.get("bare")

        return median(seconds(once) for _ in range(ROUNDS))


def write_and_read(directory: Path, data: bytes) -> float:
    """Seconds, in the median, to write a file, with fsync, and to read it."""

    def once() -> None:
        with open(directory / "plain", "wb", buffering=0) as file:
            file.write(data)
            os.fsync(file.fileno())
        (directory / "plain").read_bytes()

    return median(seconds(once) for _ in range(ROUNDS))


def first_use(url: str, directory: Path, size: int) -> float:
    """Seconds from asking for the mapped result of a task to its first element."""
    with rrq.ObjectStore("mapped", url, max_size=1e6, offload=f"file://{directory}/mapped?mmap=1&fsync=0") as store:
        hash = store.set(numpy.zeros(size // 8), "tag")
        taken = seconds(lambda: float(store.get(hash)[size // 16]))  # type: ignore[index]  # it is an array
        store.destroy()
        return taken


def row(what: str, floor: float, ours: float) -> Row:
    """Make the line of an array that goes there and back, beside its floor."""
    return Row(what=what, floor=duration(floor), ours=duration(ours), ratio=f"{ours / floor:.1f} ×", aim="≤ 2 ×")


def measured(size: int, mapped: int) -> Iterator[Row]:
    """Measure with an array of `size` bytes, and one of `mapped` bytes that is mapped."""
    array, label = numpy.random.default_rng(1).random(size // 8), f"{size // MIB} MiB array"
    with private_server() as url, tempfile.TemporaryDirectory(prefix="rrq-benchmark-") as directory:
        place = Path(directory)
        bare, plain = 2 * set_and_get(url, array.tobytes()), 2 * write_and_read(place, array.tobytes())
        with queue_at(url, None) as queue:
            most, most_of_client = peak(queue, array), peak_of_client(queue, size)
            yield row(f"{label} as argument and result (floor: SET and GET, twice)", bare, there_and_back(queue, array))
        yield Row(what="… memory of the worker at the peak, in arrays", ours=f"{most:.1f}", aim="≤ 2.2")
        yield Row(what="… memory of the client at the peak, in arrays", ours=f"{most_of_client:.1f}", aim="≤ 2.2")
        with queue_at(url, f"file://{place}/disk") as queue:
            on_disk = there_and_back(queue, array)
        yield row(f"{label}, by a disk offload (floor: write, fsync and read a file, twice)", plain, on_disk)
        use = duration(first_use(url, place, mapped))
        yield Row(what=f"mapped array of {mapped // MIB} MiB, until its first use", ours=use, aim="< 50 ms")


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few MB")
    is_quick = parser.parse_args().quick
    print(markdown([*measured(*((4 * MIB, 16 * MIB) if is_quick else (128 * MIB, 1024 * MIB)))]))


if __name__ == "__main__":
    main()
