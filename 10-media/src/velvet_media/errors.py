"""What can be wrong with a picture or a film, one class a reason.

A handler catches `MediaError` and answers with a status. Each message names what was found, the
limit that it breaks and the way out; errors of libraries are chained as the cause.
"""

from __future__ import annotations


class MediaError(Exception):
    """The base of all errors of this package; a worker process can pickle each of them."""

    def __reduce__(self) -> tuple[object, ...]:
        return type(self).__new__, (type(self),), {**self.__dict__, "args": self.args}


class UnsupportedFormat(MediaError):
    """The bytes are not of a format that is accepted, whatever the name says."""


class PolyglotMedia(UnsupportedFormat):
    """The bytes are a picture and at the same time a file of another kind."""


class CorruptMedia(MediaError):
    """The bytes contradict their own format."""


class TruncatedMedia(CorruptMedia):
    """The file ends before the picture does."""


class TooLarge(MediaError):
    """The file has more bytes than the limit."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(
            f"the file has {size:,} bytes, the limit is max_bytes={limit:,}: upload a smaller one"
        )


class TooManyPixels(MediaError):
    """The header promises more pixels than the limit."""

    def __init__(self, width: int, height: int, limit: int, name: str = "max_pixels") -> None:
        self.pixels, self.limit = width * height, limit
        super().__init__(
            f"{width} x {height} is {width * height / 1e6:,.1f} MP, the limit is "
            f"{name}={limit:,}: scale it down before the upload"
        )


class TooManyFrames(MediaError):
    """The file has more frames than the limit."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"more than max_frames={limit:,} frames: upload a shorter one, or a film")


class DecodeTimeout(MediaError):
    """The decoder did not answer in time and was killed."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no picture after timeout={seconds:g} s: the decoder was killed")


class WorkerDied(MediaError):
    """The process of the decoder ended by itself, as after a fault in native code."""


class MemoryBudgetExceeded(MediaError):
    """The work needs more memory than its budget."""

    def __init__(self, needed: int, limit: int, name: str = "budget") -> None:
        self.needed, self.limit = needed, limit
        super().__init__(
            f"it needs {_size(needed)}, the limit is {name}={_size(limit)}: "
            "stream it in rows, or raise the limit"
        )


def _size(count: int) -> str:
    return f"{count / 2**20:,.0f} MiB" if count >= 2**20 else f"{count / 2**10:,.0f} KiB"


class BackendUnavailable(MediaError):
    """A library or a device is not here; the message says why, or the command that installs it."""

    def __init__(self, name: str, hint: str) -> None:
        super().__init__(f"{name} is not here: {hint}")
