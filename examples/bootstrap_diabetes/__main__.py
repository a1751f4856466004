"""The example's main job: one task a batch of resamples, the data sent once."""

import argparse

from sklearn.datasets import load_diabetes

import rrq_core as rrq
from examples.bootstrap_diabetes.regression import fit, resample
from examples.bootstrap_diabetes.report import print_report
from examples.private_queue import private_queue


def main() -> None:
    """Bootstrap the regression and print the coefficients with their intervals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=40, help="how many tasks (default: %(default)s)")
    parser.add_argument("--resamples", type=int, default=500, help="in each task (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="how many processes (default: %(default)s)")
    asked = parser.parse_args()
    data = load_diabetes()
    features = data.data / data.data.std(axis=0)
    print(f"Bootstrapping {asked.batches * asked.resamples:,} times on {asked.workers} workers.", flush=True)
    with private_queue("bootstrap", asked.workers):
        shared = {"features": features, "target": data.target, "n": asked.resamples}
        tasks = rrq.task_create_bulk_call(resample, range(asked.batches), shared)
        rrq.task_wait(tasks)
        batches = rrq.task_results(tasks, error=True)
    print_report(data.feature_names, fit(features, data.target)[1:], batches)


if __name__ == "__main__":
    main()
