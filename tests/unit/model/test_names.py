"""Which names are allowed, and what is said of those that are not."""

import pytest

from rrq_core.errors import InvalidName
from rrq_core.model.ids import is_task_id, new_task_id, queue_name, worker_id


@pytest.mark.parametrize("name", ["a", "a:b:c", "{tag}", "a*", "größe", "名前", "🚀", "two words", "x" * 200])
def test_any_printable_characters_make_a_name(name: str) -> None:
    assert queue_name(name) == name


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "has 0"),
        ("x" * 201, "has 201"),
        ("a\nb", "printable"),
        ("bell\a", "printable"),
        (5, "not int"),
        (None, "not NoneType"),
    ],
)
def test_other_names_are_refused_with_the_reason(name: object, why: str) -> None:
    with pytest.raises(InvalidName, match=f"worker id .*{why}"):
        worker_id(name)


def test_task_ids_are_32_hexadecimal_digits_and_differ() -> None:
    ids = {new_task_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(is_task_id(id) for id in ids)
    assert not is_task_id("F" * 32)
    assert not is_task_id("f" * 33)
