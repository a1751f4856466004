"""A function by name that cannot be imported is looked for in the environment."""

import math
from collections.abc import Mapping

import pytest

from rrq_core.errors import PayloadRefused
from rrq_core.payload.function import Function, FunctionName, find_function


def find(module: str, name: str, names: Mapping[str, object]) -> Function:
    return find_function(FunctionName(module, name), "the task", names)


class Model:
    """What an environment may hold."""

    @staticmethod
    def rate() -> int:
        return 3


def test_a_function_of_a_missing_module_is_found_by_its_name() -> None:
    assert find("no_such_module", "root", {"root": math.sqrt}) is math.sqrt


def test_a_function_that_its_module_does_not_have_is_found() -> None:
    assert find("math", "no_such_root", {"no_such_root": math.sqrt}) is math.sqrt


def test_a_method_is_found_by_its_dotted_name() -> None:
    assert find("no_such_module", "Model.rate", {"Model": Model}) is Model.rate


def test_what_can_be_imported_comes_first() -> None:
    assert find("math", "sqrt", {"sqrt": math.cbrt}) is math.sqrt


@pytest.mark.parametrize("name", ["other", "Model.other"])
def test_what_is_in_neither_is_told_as_what_cannot_be_imported(name: str) -> None:
    with pytest.raises(PayloadRefused, match="no module named 'no_such_module'"):
        find("no_such_module", name, {"Model": Model})


def test_what_is_found_and_no_function_is_refused() -> None:
    with pytest.raises(PayloadRefused, match="no function here, but a int"):
        find("no_such_module", "rate", {"rate": 3})
