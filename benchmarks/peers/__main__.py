"""Measure other task queues beside ours: `python -m benchmarks.peers [--quick]`."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

import redis

from benchmarks.server import describe, private_server
from benchmarks.table import circumstances, duration, rate, times

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ROOT / ".venv" / "peers"
NEEDS: Mapping[str, Sequence[str]] = {
    "with_rrq": (),
    "with_rrq_processes": (),
    "with_rq_simple": ("rq==3.0.0",),
    "with_rq": ("rq==3.0.0",),
    "with_celery": ("celery[redis]==5.7.0",),
    "with_dramatiq": ("dramatiq[redis]==2.2.1",),
    "with_huey": ("huey==3.5.4",),
}
"""Each is a script beside this one, and what its environment needs; nothing: it runs in this one."""

Figures = Mapping[str, object]


def main() -> None:
    """Measure all by turns, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short run, which shows that all of it works")
    tasks, trips, rounds = (100, 20, 1) if parser.parse_args().quick else (2_000, 200, 3)
    with private_server() as url:
        turns = [{script: measured(script, url, tasks, trips) for script in NEEDS} for _ in range(rounds)]
        print(f"{circumstances(describe(url))} Medians of {rounds} rounds of {tasks:,} tasks.\n")
    print("| | settings | tasks a second | × | round trip | × | requests a task |\n|---|---|---:|---:|---:|---:|---:|")
    ours = combined([turn["with_rrq"] for turn in turns])
    for script in NEEDS:
        print(row(combined([turn[script] for turn in turns]), ours))


def measured(script: str, url: str, tasks: int, trips: int) -> Figures:
    """Run one script, in its environment, on an empty server."""
    with redis.Redis.from_url(url) as client:
        client.flushall()
    command = [interpreter(script), "-m", f"benchmarks.peers.{script}", str(tasks), str(trips)]
    environment = {**os.environ, "BENCHMARK_URL": url, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    figures: Figures = json.loads(ran.stdout)
    return figures


def interpreter(script: str) -> str:
    """Give the Python to run a script with; its environment is made when it is first needed."""
    if not (needs := NEEDS[script]):
        return sys.executable
    place = ENVIRONMENTS / needs[0].split("=")[0].split("[")[0]
    python = place / "bin" / "python"
    if not (place / "made").exists():
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        subprocess.run(
            [str(python), "-m", "pip", "install", "--quiet", "redis", "hiredis", "attrs", *needs], check=True
        )
        (place / "made").touch()
    return str(python)


def combined(figures: Sequence[Figures]) -> Figures:
    """Give the medians of several rounds."""
    numbers = {name: median(float(str(one[name])) for one in figures) for name in ("drain", "trip", "requests")}
    return {**figures[0], **numbers}


def row(figures: Figures, ours: Figures) -> str:
    """Write a line of the table, with ratios to ours."""
    drain, trip, requests = (float(str(figures[name])) for name in ("drain", "trip", "requests"))
    ratios = drain / float(str(ours["drain"])), trip / float(str(ours["trip"]))
    return (
        f"| {figures['name']} {figures['version']} | {figures['settings']} | {rate(drain)} | {times(ratios[0])} | "
        f"{duration(trip)} | {times(ratios[1])} | {requests:.1f} |"
    )


if __name__ == "__main__":
    main()
