"""What is configured for a whole queue and kept with it."""

from enum import StrEnum

from attrs import frozen

from rrq_core.model.ids import checked_name


class SettingKind(StrEnum):
    """The kinds of settings that a queue keeps."""

    CONFIGURATION = "configuration"
    WORKER_CONFIG = "worker_config"
    ENVIR = "envir"


@frozen(kw_only=True)
class SettingName:
    """The name of a setting. Of the kinds CONFIGURATION and ENVIR there is one each, with an empty name."""

    kind: SettingKind
    name: str = ""


QUEUE_CONFIGURATION = SettingName(kind=SettingKind.CONFIGURATION)
ENVIR = SettingName(kind=SettingKind.ENVIR)


def worker_config_name(name: object) -> SettingName:
    """Give the setting that holds the worker configuration `name`.

    Raises:
        InvalidName: If this can be no name.
    """
    return SettingName(kind=SettingKind.WORKER_CONFIG, name=checked_name(name, "name of a worker configuration"))


@frozen(kw_only=True)
class Connected:
    """What a queue answered to a new controller: the schema it was made with, and its configuration."""

    schema: str
    configuration: bytes
