"""Values where they belong: in the store, or in its offload, by their size."""

from rrq_core.store.cache import ValueCache
from rrq_core.store.space import OffloadSpace, Owner
from rrq_core.store.values import ValueStore

__all__ = ["OffloadSpace", "Owner", "ValueCache", "ValueStore"]
