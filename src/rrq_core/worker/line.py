"""Texts that go into one line of a log."""

_LONGEST = 200


def one_line(text: str) -> str:
    r"""Put a text of anybody's into one line of at most 200 characters, which every store can take.

    >>> one_line("no such file:\n  caf\udce9.csv")
    'no such file: caf?.csv'
    """
    return " ".join(text[: 2 * _LONGEST].encode("utf-8", "replace").decode().split())[:_LONGEST]
