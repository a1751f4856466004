"""Texts that go into one line of a log."""

_LONGEST = 200


def one_line(text: str, longest: int = _LONGEST) -> str:
    r"""Put a text of anybody's into one line of at most so many characters, which every store can take.

    >>> one_line("no such file:\n  caf\udce9.csv")
    'no such file: caf?.csv'
    """
    return " ".join(text[: 2 * longest].encode("utf-8", "replace").decode().split())[:longest]
