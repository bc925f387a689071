"""A registry with a small model in two formats, and a call of the service without a socket."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from threadpoolctl import threadpool_limits

from velvet_ml.registry import Registry
from velvet_ml.samples import demo
from velvet_ml.samples.demo import Demo

# Threads of OpenMP spin while they wait for each other; on a busy machine they wait for minutes.
# The first line is for this process, whose runtime is loaded by now, the second for its children.
threadpool_limits(1, user_api="openmp")
os.environ["OMP_NUM_THREADS"] = "1"

# No property depends on how fast it is looked at.
hypothesis.settings.register_profile(
    "without a clock",
    deadline=None,
    max_examples=60,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("without a clock")


@pytest.fixture(scope="session")
def shop_once(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Train once for all tests; read only."""
    return demo.make_demo(tmp_path_factory.mktemp("registry"), rows=800)


@pytest.fixture
def shop(shop_once: Demo, tmp_path: Path) -> Demo:
    """A copy of the registry that a test may change."""
    folder = tmp_path / "registry"
    shutil.copytree(shop_once.registry.root, folder)
    registry = Registry(folder, demo.KEY)
    return Demo(registry, shop_once.trained, shop_once.graph, shop_once.rows)


async def call(app: Any, method: str, path: str, body: bytes, length: str = "") -> Any:
    """Call an ASGI service; returns its status and its body."""
    listed = [(b"content-length", (length or str(len(body))).encode())]
    sent: list[dict[str, Any]] = []
    chunks = [body[at : at + 65_536] for at in range(0, len(body), 65_536)] or [b""]

    async def receive() -> dict[str, Any]:
        chunk = chunks.pop(0) if chunks else b""
        return {"type": "http.request", "body": chunk, "more_body": bool(chunks)}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": listed,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    await app(scope, receive, send)
    content = b"".join(one.get("body", b"") for one in sent)
    return sent[0]["status"], json.loads(content) if content[:1] in b"{[" else content.decode()


@pytest.fixture
def served() -> Callable[..., Any]:
    """Run calls against a service, one after the other, inside its lifespan."""

    def run(app: Any, *calls: tuple[Any, ...]) -> list[Any]:
        async def all_calls() -> list[Any]:
            async with app.router.lifespan_context(app):
                return [await call(app, *one) for one in calls]

        return asyncio.run(all_calls())

    return run
