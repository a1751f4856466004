"""The envelope: how every payload lies in bytes.

All integers are little-endian and without sign; offsets count from the first byte of the envelope.

| offset       | size   | what                                                                                        |
|--------------|--------|---------------------------------------------------------------------------------------------|
| 0            | 4      | `RRQ1`: the magic and, as its last digit, the version of this layout                        |
| 4            | 1      | codec of the content: 1 json, 2 pickle5, 3 raw                                              |
| 5            | 1      | flags: bit 0 signed, bit 1 holds code by value; the others are 0                            |
| 6            | 2      | major and minor version of the Python that wrote the code; 0 0 without bit 1                |
| 8            | 4      | key id: which secret key signed it; zeros if unsigned                                       |
| 12           | 4      | c: length of the context; 0 if unsigned                                                     |
| 16           | 4      | n: number of buffers                                                                        |
| 20           | 8      | p: length of the content                                                                    |
| 28           | 8 · n  | b₁ … bₙ: lengths of the buffers                                                             |
| 28 + 8n      | c      | context that the signature was bound to, for the errors of readers, who bind to their own   |
| 28 + 8n + c  | p      | content: JSON, a pickle of protocol 5, or the bytes of a value that is bytes                |
| next 64 · k  | b₁     | first buffer, after as many zeros as bring it to a multiple of 64                           |
| …            | …      | further buffers, each brought to a multiple of 64 likewise                                  |
| last 32      | 0 / 32 | MAC, directly after what comes before it: HMAC-SHA256(key, context ‖ SHA-256(all before it)) |

The buffers are those of the pickle, out of band, or what the JSON says. Nothing follows the last field. The hash of an
envelope is the first 32 hexadecimal digits of the SHA-256 of all of it.
"""

import struct
import sys
from collections.abc import Callable, Sequence
from hashlib import sha256
from threading import Thread
from typing import NewType

from attrs import define, field, frozen

from rrq_core.errors import PayloadRefused
from rrq_core.model.ids import Hash
from rrq_core.model.value import Buffer, NewValue
from rrq_core.payload.context import Context
from rrq_core.payload.signing import MAC_SIZE, VARIABLE, SecretKey, keyring

MAGIC = b"RRQ1"
ALIGNMENT = 64

_HEADER = struct.Struct("<4sBB2s4sIIQ")
_LENGTH = struct.Struct("<Q")
_NO_PYTHON = bytes(2)
_NO_KEY = bytes(4)
_THIS_PYTHON = bytes(sys.version_info[:2])
_PADDING = bytes(ALIGNMENT)
_MOST_BUFFERS = 2**32 - 1
_LARGE = 16 * 1024 * 1024


# How the content of an envelope is to be read. Numbers, since a member of an enum takes longer to write than the rest.
Codec = NewType("Codec", int)
JSON = Codec(1)
PICKLE5 = Codec(2)
RAW = Codec(3)

_CODECS = frozenset({JSON, PICKLE5, RAW})
_SIGNED = 1
_CODE = 2
_FLAGS = _SIGNED | _CODE


@define(kw_only=True)
class Envelope:
    """An envelope that was read: views of its content and buffers, and the Python of the code in it, if any."""

    codec: Codec
    python: tuple[int, int] | None
    content: memoryview = field(repr=False)
    buffers: tuple[memoryview, ...] = field(repr=False)

    def check_python(self, subject: object) -> None:
        """Make sure that the code in it, if there is any, can run here.

        Raises:
            PayloadRefused: If another minor version of Python wrote it: bytecode does not pass between them.
        """
        here = sys.version_info[:2]
        if self.python is not None and self.python != here:
            raise PayloadRefused(
                f"{subject} holds code that Python {self.python[0]}.{self.python[1]} sent by value, and this is Python "
                f"{here[0]}.{here[1]}: bytecode does not pass between them. Run workers and clients on the same minor "
                "version, or put the code into a module that both can import"
            )


def write_envelope(
    codec: Codec, content: bytes, buffers: Sequence[Buffer], context: Context | None, *, has_code: bool = False
) -> bytes:
    """Write an envelope.

    Args:
        codec: How the content is to be read.
        content: JSON, a pickle, or raw bytes.
        buffers: What lies beside the content; one-dimensional views of bytes. Each is copied once.
        context: What a signature binds it to, if there is a key; None for one that lies in another, never signed.
        has_code: Whether there is bytecode in it.
    """
    keys = None if context is None else keyring()
    if keys is None or context is None:
        return b"".join(_unsigned(codec, content, buffers, has_code))
    return _signed(codec, content, buffers, context, keys.signer, has_code).joined()


def write_value(
    codec: Codec, content: bytes, buffers: Sequence[Buffer], context: Context, *, has_code: bool = False
) -> NewValue:
    """Write an envelope as a stored value; see `write_envelope`. What is large is gone through once, signed or not."""
    keys = keyring()
    if keys is None:
        return _joined_value(_unsigned(codec, content, buffers, has_code))
    signed = _signed(codec, content, buffers, context, keys.signer, has_code)
    envelope = signed.joined()
    return NewValue(hash=Hash(signed.digest.hex()[:32]), size=len(envelope), data=envelope)


def _unsigned(codec: Codec, content: bytes, buffers: Sequence[Buffer], has_code: bool) -> list[Buffer]:
    header = _header(codec, _CODE if has_code else 0, _NO_KEY, b"", content, buffers, has_code)
    return [header, content] if not buffers else _laid_out(header, content, buffers)


@frozen
class _Signed:
    """A signed envelope in parts, and the SHA-256 of all of it."""

    parts: Sequence[Buffer]
    digest: bytes

    def joined(self) -> bytes:
        return b"".join(self.parts)


def _signed(
    codec: Codec, content: bytes, buffers: Sequence[Buffer], context: Context, key: SecretKey, has_code: bool
) -> _Signed:
    bound, flags = context.to_bytes(), _SIGNED | (_CODE if has_code else 0)
    parts = _laid_out(_header(codec, flags, key.id, bound, content, buffers, has_code), content, buffers)
    state = sha256()
    for part in parts:
        state.update(part)
    mac = key.mac(bound, state.digest())
    state.update(mac)
    return _Signed([*parts, mac], state.digest())


def _header(
    codec: Codec, flags: int, key_id: bytes, bound: bytes, content: bytes, buffers: Sequence[Buffer], has_code: bool
) -> bytes:
    if len(buffers) > _MOST_BUFFERS:
        raise OverflowError(f"an envelope holds at most {_MOST_BUFFERS} buffers, not {len(buffers)}")
    python = _THIS_PYTHON if has_code else _NO_PYTHON
    fixed = _HEADER.pack(MAGIC, codec, flags, python, key_id, len(bound), len(buffers), len(content))
    return b"".join((fixed, *(_LENGTH.pack(len(buffer)) for buffer in buffers), bound))


def _laid_out(header: bytes, content: bytes, buffers: Sequence[Buffer]) -> list[Buffer]:
    parts: list[Buffer] = [header, content]
    position = len(header) + len(content)
    for buffer in buffers:
        gap = -position % ALIGNMENT
        parts += (_PADDING[:gap], buffer)
        position += gap + len(buffer)
    return parts


def with_last_buffer(envelope: bytes, n: int, buffer: bytes) -> bytes:
    """Fill the last buffer of an envelope, which is empty. Quicker than writing it where all else stays the same.

    Args:
        envelope: An envelope, not signed.
        n: How many buffers it has.
        buffer: What the last one is to hold; it is copied once.
    """
    at = _HEADER.size + 8 * n - 8
    return b"".join((envelope[:at], _LENGTH.pack(len(buffer)), envelope[at + 8 :], buffer))


def read_envelope(data: Buffer, subject: object) -> Envelope:
    """Read an envelope. Nothing in it is copied, unpickled or run.

    Args:
        data: Its bytes; the views of what is returned keep them alive.
        subject: Its `Context`, by which a signature is verified; of one that lies in another, what it is, for errors.
    Raises:
        PayloadRefused: If it is none, is damaged, was written by a newer version, or its signature does not hold; if it
            is not signed though there is a key here, or signed and there is none.
    """
    view = memoryview(data) if type(data) is bytes else memoryview(data).cast("B")
    if len(view) < _HEADER.size:
        raise PayloadRefused(f"{subject} cannot be read: {_why_no_envelope(view)}")
    magic, codec, flags, python, key_id, context_length, n, length = _HEADER.unpack_from(view)
    if magic != MAGIC:
        raise PayloadRefused(f"{subject} cannot be read: {_why_no_envelope(view)}")
    bound = _verified(view, flags, key_id, subject)
    if codec not in _CODECS or flags & ~_FLAGS:
        raise PayloadRefused(
            f"{subject} cannot be read: codec {codec} and flags {flags:#04x} are not known to this version of "
            "rrq-core; a newer one wrote it, or it is damaged"
        )
    has_code = bool(flags & _CODE)
    if ((key_id != _NO_KEY) and not bound) or context_length != len(bound) or (python != _NO_PYTHON) != has_code:
        raise PayloadRefused(f"{subject} is damaged: its header contradicts itself")
    body = view[:-MAC_SIZE] if bound else view
    content, buffers = _views(body, n, len(bound), length, subject)
    return Envelope(codec=codec, python=(python[0], python[1]) if has_code else None, content=content, buffers=buffers)


def _verified(view: memoryview, flags: int, key_id: bytes, subject: object) -> bytes:
    """Verify a signature before anything that it covers is used; give what it is bound to, nothing if there is none."""
    is_signed, keys = bool(flags & _SIGNED), keyring() if isinstance(subject, Context) else None
    if not is_signed and keys is None:
        return b""
    if not is_signed:
        raise PayloadRefused(
            f"{subject} is refused: it is not signed, and {VARIABLE} is set here. Whoever wrote it has no key: set "
            "the same one everywhere"
        )
    if keys is None or not isinstance(subject, Context):
        raise PayloadRefused(f"{subject} is refused: it is signed, and nothing here verifies that: set {VARIABLE}")
    if len(view) < _HEADER.size + MAC_SIZE:
        raise PayloadRefused(f"{subject} cannot be read: it is cut off, so that its signature is missing")
    bound = subject.to_bytes()
    keys.verify(key_id, bound, sha256(view[:-MAC_SIZE]).digest(), bytes(view[-MAC_SIZE:]), subject)
    return bound


def _joined_value(parts: Sequence[Buffer]) -> NewValue:
    """Join the parts of a stored value. What is large is hashed meanwhile: both take as long, on a core each."""
    if sum(map(len, parts)) < _LARGE:
        return as_value(b"".join(parts))
    state = sha256()
    hashing = Thread(target=_hash, args=(state.update, parts))
    hashing.start()
    envelope = b"".join(parts)
    hashing.join()
    return NewValue(hash=Hash(state.hexdigest()[:32]), size=len(envelope), data=envelope)


def _hash(update: Callable[[Buffer], None], parts: Sequence[Buffer]) -> None:
    for part in parts:
        update(part)


def as_value(envelope: bytes) -> NewValue:
    """Make a stored value of an envelope: its hash, size and bytes."""
    return NewValue(hash=Hash(sha256(envelope).hexdigest()[:32]), size=len(envelope), data=envelope)


def _why_no_envelope(view: memoryview) -> str:
    start = bytes(view[:4])
    if start[:3] == MAGIC[:3] and start != MAGIC and len(start) == 4:
        return (
            f"it is an envelope of version {start[3:].decode('latin-1')!r}, and this version of rrq-core reads version "
            f"'1': update rrq-core here"
        )
    if not MAGIC.startswith(start):
        return f"it begins with {start!r}, not with {MAGIC!r}: rrq-core did not write it, or it is damaged"
    return f"it is cut off: {len(view)} bytes, where the header alone has {_HEADER.size}"


def _views(
    view: memoryview, n: int, bound: int, length: int, subject: object
) -> tuple[memoryview, tuple[memoryview, ...]]:
    start = _HEADER.size + 8 * n
    if start > len(view):
        raise PayloadRefused(f"{subject} is cut off or damaged: it has {len(view)} bytes, too few for {n} buffers")
    first = start + bound
    end = first + length
    content = view[first:end]
    buffers = []
    for (each,) in _LENGTH.iter_unpack(view[_HEADER.size : start]):
        gap = -end % ALIGNMENT
        if bytes(view[end : end + gap]).strip(b"\0"):
            raise PayloadRefused(f"{subject} is damaged: there is something between its buffers")
        first = end + gap
        end = first + each
        buffers.append(view[first:end])
    if end != len(view):
        raise PayloadRefused(
            f"{subject} is cut off or damaged: it has {len(view)} bytes, and its header tells of {end}"
        )
    return content, tuple(buffers)
