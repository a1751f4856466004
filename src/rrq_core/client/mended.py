"""Calls of a named group whose function was mended since they were submitted."""

from collections.abc import Mapping

from attrs import field, frozen

from rrq_core.client.submit import Arguments
from rrq_core.model.ids import TaskId
from rrq_core.model.task import TaskRecord
from rrq_core.payload import CallEncoder, EncodedCall


@frozen(kw_only=True, eq=False)
class Mended:
    """What is to run in the place of what was submitted.

    Args:
        encoder: What encodes calls of the function as it is now.
        calls: The arguments of each call, by its task, the first of its chain.
    """

    encoder: CallEncoder
    calls: Mapping[TaskId, Arguments] = field(repr=False)

    def call(self, leaf: TaskRecord) -> EncodedCall | None:
        """Encode the call of a task anew; None if it has not changed.

        Args:
            leaf: Any of its chain, as it is read with MOVED.
        Raises:
            NotSendable: If an argument cannot be sent any more.
        """
        root = leaf.moved_root or leaf.id
        if root not in self.calls:
            return None
        args, kwargs = self.calls[root]
        return self.encoder.encode(root, args, kwargs)
