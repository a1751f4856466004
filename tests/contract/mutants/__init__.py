"""Small breakages of the reference backend, each with the test of the kit that has to notice it."""

from tests.contract.mutants import ports, tasks
from tests.contract.mutants.registry import MUTANTS, Mutant

__all__ = ["MUTANTS", "Mutant", "ports", "tasks"]
