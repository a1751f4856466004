"""Arrays that are read-only where they are sent, and shall be writable where they arrive."""

import ctypes
import sys
from typing import Any


def is_frozen_array(value: Any) -> bool:  # numpy is used where it is loaded, so its types are not known
    """Tell whether a value is a numpy array over memory that can be sent as it lies, but is marked read-only."""
    numpy = sys.modules.get("numpy")
    if numpy is None or type(value) is not numpy.ndarray:
        return False
    flags = value.flags
    return not flags.writeable and flags.forc and not value.dtype.hasobject


def reduce_frozen_array(array: Any) -> tuple[object, ...]:  # as above
    """Reduce such an array as pickle would if it were writable; its memory is neither copied nor written to.

    pickle marks read-only memory in its stream, so that the array would be read-only for whoever gets it, although the
    copy they get is their own.
    """
    numpy = sys.modules["numpy"]
    memory = (ctypes.c_char * array.nbytes).from_address(array.ctypes.data)
    memory.owner = array
    twin = numpy.ndarray(array.shape, array.dtype, memory, strides=array.strides)
    reduced: tuple[object, ...] = twin.__reduce_ex__(5)
    return reduced
