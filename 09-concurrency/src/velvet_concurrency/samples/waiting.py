"""A process in which so many tasks wait, as threads or under asyncio; it is told when to begin."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Sequence

from velvet_concurrency.samples.child import Message, obey_parent

SECONDS = 1.0


def main(argv: Sequence[str], *, source: int = 0, sink: int = 1) -> None:
    """Wait for the order, then let `argv[1]` tasks of the model `argv[0]` wait for a second."""
    model, number = argv[0], int(argv[1])
    tasks: set[asyncio.Task[None]] = set()

    async def begin(_order: Message) -> Message:
        if model == "asyncio":
            tasks.update(asyncio.ensure_future(asyncio.sleep(SECONDS)) for _ in range(number))
        else:
            for _ in range(number):
                threading.Thread(target=time.sleep, args=(SECONDS,), daemon=True).start()
        return {"begun": number}

    asyncio.run(obey_parent(begin, {"ready": True}, source=source, sink=sink))


if __name__ == "__main__":
    main(sys.argv[1:])
