"""What can go wrong with a queue, one class a reason; each message says the way out."""

from __future__ import annotations


class QueueError(Exception):
    """The base of everything that this package raises on purpose."""

    def __reduce__(self) -> tuple[object, ...]:
        return type(self).__new__, (type(self),), {**self.__dict__, "args": self.args}


class NotSerializable(QueueError, TypeError):
    """A payload holds what JSON cannot say; `path` points at it."""

    def __init__(self, path: str, why: str) -> None:
        self.path = path
        super().__init__(f"{path} is {why}; send JSON values and look up the rest in the task")


class PayloadTooLarge(QueueError, ValueError):
    """A message over the limit, refused before it reaches a broker."""

    def __init__(self, size: int, limit: int) -> None:
        self.size, self.limit = size, limit
        super().__init__(
            f"a message of {size:,} bytes is over the limit of {limit:,}; "
            "store the content and send its address"
        )


class BadMessage(QueueError, ValueError):
    """A message that cannot be read: truncated, not JSON, or of another version."""


class DuplicateKey(QueueError):
    """A task with this unique key waits already; `existing` is its id."""

    def __init__(self, key: str, existing: str) -> None:
        self.key, self.existing = key, existing
        super().__init__(f"a task with the key {key!r} waits already: {existing}")


class LeaseLost(QueueError):
    """The lease has expired or belongs to another worker: what was done is not recorded."""

    def __init__(self, id: str) -> None:
        self.id = id
        super().__init__(f"the lease of {id} is lost; the task may run again elsewhere")


class PermanentFailure(QueueError):
    """Raised by a handler for what no retry will mend: the task is dead at once."""


class InProgress(QueueError):
    """Another caller runs the effect of this key at the moment; try again later."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"the effect of {key!r} is being made by another caller; try again later")


class QueueUnavailable(QueueError):
    """The broker does not answer; the message holds no password."""

    def __init__(self, cause: str, remedy: str) -> None:
        self.cause, self.remedy = cause, remedy
        super().__init__(f"{cause}; {remedy}")


class PromiseBroken(QueueError, AssertionError):
    """A ledger shows what the delivery promise excludes; `ids` are the tasks."""

    def __init__(self, promise: str, what: str, ids: tuple[str, ...]) -> None:
        self.ids = ids
        shown = ", ".join(ids[:5]) + (" ..." if len(ids) > 5 else "")
        super().__init__(f"{promise} promised, but {len(ids)} {what}: {shown}")
