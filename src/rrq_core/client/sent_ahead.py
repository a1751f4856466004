"""Values that go ahead of the tasks which need them."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from rrq_core.client.connection import Connection
from rrq_core.errors import BackendUnavailable, RrqError
from rrq_core.model.ids import Tag
from rrq_core.model.value import NewValue


@contextmanager
def sent_ahead(connection: Connection, values: Sequence[NewValue]) -> Iterator[Tag]:
    """Store values under a tag, until tasks have them; where these never come to be, it goes at once.

    Raises:
        ValueTooLarge, OffloadError, BackendError: If they cannot be stored.
    """
    tag = Tag(f"ahead:{secrets.token_hex(16)}")
    try:
        connection.values.put(tag, values, provisional=True)
        yield tag
    except BackendUnavailable:  # it goes after a day
        raise
    except BaseException:
        with suppress(RrqError):
            connection.values.take_back(tag)
        raise
