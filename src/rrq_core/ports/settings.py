"""The port for what is configured for a whole queue."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from rrq_core.model.setting import Connected, SettingKind, SettingName


class Settings(ABC):
    """Configuration of one queue id: of the queue, of its workers, of their environment. Values are bytes."""

    @abstractmethod
    def connect(self, schema: str, info: bytes, defaults: Mapping[SettingName, bytes]) -> Connected:
        """Enter a controller, and write the schema and those defaults that are absent.

        Args:
            schema: The layout that this version writes.
            info: Who connects, for people to read; the last hundred are kept.
            defaults: What each setting is if nobody has set it.
        Raises:
            ForeignKey: If a key that the queue needs holds something that is not ours. Nothing was written.
        """

    @abstractmethod
    def get(self, name: SettingName) -> bytes | None:
        """Read a setting, None if it is not set."""

    @abstractmethod
    def put(self, name: SettingName, value: bytes | None, if_absent: bool = False) -> bool:
        """Set a setting, or with None delete it. False if it was there and `if_absent` was asked."""

    @abstractmethod
    def names(self, kind: SettingKind) -> list[SettingName]:
        """List the settings of a kind that are set."""
