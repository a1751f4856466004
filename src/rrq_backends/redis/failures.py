"""What a server answers when something is wrong, in our words: what will pass, and what will not."""

import redis.exceptions as answers

from rrq_core.errors import BackendDenied, BackendError, BackendFull, BackendUnavailable, ForeignKey

# Answers of a server that is starting, failing over or stopping: the same command works a little later.
_PASSING = (
    "LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "UNBLOCKED", "NOREPLICAS", "BUSY ", "MISCONF",
)  # fmt: skip
_DENIED = (answers.AuthenticationError, answers.AuthorizationError, answers.NoPermissionError)


class ScriptUnknown(BackendError):
    """The server does not know a script (yet, or any more). It is given its text, and asked again."""


def is_passing(error: answers.RedisError) -> bool:
    """Tell whether the same command may work a little later."""
    if isinstance(error, _DENIED):
        return False
    if isinstance(error, answers.ConnectionError | answers.TimeoutError):
        return not _is_too_large(error)
    return str(error).startswith(_PASSING) or isinstance(error, answers.BusyLoadingError | answers.ReadOnlyError)


def _is_too_large(error: answers.RedisError) -> bool:
    return "invalid bulk length" in str(error)


def unavailable(error: answers.RedisError, shown_url: str) -> BackendUnavailable:
    """Say that a server cannot be reached."""
    return BackendUnavailable(
        f"no answer from the server at {shown_url}: {str(error).rstrip('.')}. Is it running, and is the URL right? "
        "Without a server of your own, use embedded://"
    )


def translated(error: answers.RedisError, shown_url: str) -> BackendError:
    """Say in our words what a server answered."""
    text = str(error)
    if isinstance(error, answers.NoPermissionError) or text.startswith("NOPERM"):
        return BackendDenied(
            f"the server at {shown_url} refuses a command: {text}. The user needs: "
            "ACL SETUSER <name> resetchannels ~<queue id>:* +@all -@dangerous -@admin"
        )
    if isinstance(error, _DENIED) or text.startswith(("WRONGPASS", "NOAUTH")):
        return BackendDenied(f"the server at {shown_url} refuses this user or password: {text}")
    if isinstance(error, answers.OutOfMemoryError) or text.startswith("OOM") or "OOM command not allowed" in text:
        return BackendFull(f"the server at {shown_url} has no memory left, nothing was written: {text}")
    if "WRONGTYPE" in text:
        return ForeignKey(
            f"a key of this queue holds something of another's, at {shown_url}: {text}. Choose another queue id"
        )
    if _is_too_large(error):
        return BackendError(
            f"a value is too large for the server at {shown_url} (its limit is proto-max-bulk-len): {text}. "
            "Configure the queue with a store_max_size and an offload"
        )
    if isinstance(error, answers.ConnectionError | answers.TimeoutError):
        return unavailable(error, shown_url)
    if isinstance(error, answers.NoScriptError):
        return ScriptUnknown(text)
    return BackendError(f"the server at {shown_url} answered: {text}")
