"""The directory for what tasks print that run in processes of their own."""

import tempfile
from pathlib import Path

from rrq_core.errors import InvalidArgument


def check_writable(directory: str, config_name: str) -> None:
    """Make a directory of logs, if need be, and see that files can be written there.

    Args:
        directory: Its path.
        config_name: The configuration that names it, for the error.
    Raises:
        InvalidArgument: If not.
    """
    try:
        Path(directory).mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=directory).close()
    except OSError as error:
        raise InvalidArgument(
            f"logdir of the worker configuration {config_name!r} cannot be written here: {directory!r} ({error}); make "
            "it writable for this user, or save the configuration with another one"
        ) from error
