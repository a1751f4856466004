"""The floor: what bare redis-py and cloudpickle take for the least that a task queue must do."""

import multiprocessing
import time
from statistics import median

import cloudpickle  # type: ignore[import-untyped]  # it has no types
import redis

# Keep the result of the last task, take the next one with its body: a queue without statuses, times, wake-ups, fences.
TAKE_NEXT = """
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
local id = redis.call('LPOP', KEYS[2])
if not id then return false end
return {id, redis.call('HGET', KEYS[3], id)}
"""
BODY = b"b" * 300
RESULT = b"r" * 100
PORTION = 250


def drain(url: str, n: int) -> float:
    """Tasks a second of one client that sends one EVALSHA a task and runs nothing."""
    with redis.Redis.from_url(url) as client:
        client.flushall()
        submit_plainly(client, n)
        script = client.script_load(TAKE_NEXT)
        start = time.perf_counter()
        done = b""
        while answer := client.evalsha(script, 3, "results", "queue", "bodies", done, RESULT):
            done = answer[0]
        return n / (time.perf_counter() - start)


def submit(url: str, n: int) -> float:
    """Tasks a second of one client that writes an id and a body a task, in pipelines."""
    with redis.Redis.from_url(url) as client:
        client.flushall()
        start = time.perf_counter()
        submit_plainly(client, n)
        return n / (time.perf_counter() - start)


def submit_plainly(client: "redis.Redis", n: int) -> None:
    """Write n tasks in pipelines of 250."""
    for first in range(0, n, PORTION):
        pipeline = client.pipeline(transaction=False)
        for number in range(first, min(first + PORTION, n)):
            pipeline.hset("bodies", f"{number:032x}", BODY)
            pipeline.rpush("queue", f"{number:032x}")
        pipeline.execute()


def ping_pong(url: str, n: int) -> float:
    """Seconds, in the median, of a round trip by two BLPOPs between two processes that both sleep."""
    partner = multiprocessing.get_context("spawn").Process(target=answer_pings, args=(url, n), daemon=True)
    with redis.Redis.from_url(url, socket_timeout=60) as client:
        client.flushall()
        partner.start()
        client.blpop(["ready"], timeout=60)
        times = [ping(client) for _ in range(n)]
        partner.join()
    return median(times)


def ping(client: "redis.Redis") -> float:
    """Send one ping, wait for its answer, and give the seconds that it took."""
    start = time.perf_counter()
    client.rpush("ping", "1")
    client.blpop(["pong"], timeout=60)
    return time.perf_counter() - start


def answer_pings(url: str, n: int) -> None:
    """Answer n pings, as the other process."""
    with redis.Redis.from_url(url, socket_timeout=60) as client:
        client.rpush("ready", "1")
        for _ in range(n):
            client.blpop(["ping"], timeout=60)
            client.rpush("pong", "1")


def pickling(n: int) -> float:
    """Seconds a task to make bytes of a small call and its result by cloudpickle, and to read both."""
    call: tuple[object, ...] = (no_operation, (1,), {})
    start = time.perf_counter()
    for _ in range(n):
        function, args, kwargs = cloudpickle.loads(cloudpickle.dumps(call))
        cloudpickle.loads(cloudpickle.dumps(function(*args, **kwargs)))
    return (time.perf_counter() - start) / n


def no_operation(value: object) -> object:
    """Do nothing, as a task."""
    return value
