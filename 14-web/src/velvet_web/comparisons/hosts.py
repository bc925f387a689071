"""What servers do with the same application: cost, deploys, slow readers, attacks."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from velvet.bench import Metric, Outcome, Suite, ratio, value
from velvet_web.comparisons.attacks import attack, load_attacks, slow_headers, smuggles
from velvet_web.comparisons.client import Client, OverSocket
from velvet_web.comparisons.measuring import (
    LATENCY,
    POSIX,
    TARGETS,
    cost,
    needs_of,
    on_server,
    scaled,
)
from velvet_web.servers import Running, answers, serve, servers

IN_FLIGHT = 10
STREAM_MB = 100


def _front_end(server: str) -> str:
    return "starlette" if servers()[server].interface == "asgi" else "flask"


def _cost(server: str, workload: str) -> Iterator[Callable[[], Outcome]]:
    requests = scaled(800, 2000) if workload == "tiny" else scaled(400, 1000)
    work = partial(cost, shot=TARGETS[workload], requests=requests)
    yield from on_server(_front_end(server), server, work)


def deploy(server: Running, wait_ms: int = 1500, before_s: float = 0.6) -> dict[str, float]:
    """Send ten slow requests, then the signal to stop; count what was finished."""
    sent = threading.Barrier(IN_FLIGHT + 1)

    def one() -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        try:
            connection.request("GET", f"/wait?ms={wait_ms}")
            sent.wait()
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        calls = [pool.submit(one) for _ in range(IN_FLIGHT)]
        sent.wait()
        time.sleep(before_s)
        server.terminate()
        finished = sum(call.result() for call in calls)
    return {"finished": float(finished), "exit": server.stop()}


def _deploy(server: str) -> Iterator[Callable[[], Outcome]]:
    app = "lab" if servers()[server].interface == "asgi" else "lab_wsgi"
    yield from on_server(app, server, lambda running: Outcome(deploy(running)), threads=IN_FLIGHT)


def stall(server: Running, path: str) -> dict[str, float]:
    """Ask for 100 MB, stop reading, and see what the server took and how much it grew."""
    before, probe = server.rss_bytes(), OverSocket(server.url)
    client, highest, still = Client(probe), 0, 0
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as reader:
        reader.sendall(f"GET {path}?mb={STREAM_MB} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        reader.recv(1024)
        while still < 5:  # until memory has not grown for half a second
            time.sleep(0.1)
            now = server.rss_bytes() - before
            still = still + 1 if now <= highest + 2**20 else 0
            highest = max(highest, now)
        sent = float(client.request("GET", "/sent").body.split()[0])
    probe.close()
    return {"grown": max(highest, 0) / 2**20, "accepted": sent / 2**20}


def _stall(server: str, path: str) -> Iterator[Callable[[], Outcome]]:
    yield from on_server("lab", server, lambda running: Outcome(stall(running, path)))


def _attack(server: str) -> Iterator[Callable[[], dict[str, float]]]:
    with serve(_front_end(server), server) as running:

        def judged() -> dict[str, float]:
            safe = sum(survived for _, _, survived in attack(running))
            held = slow_headers(running.port)
            served = answers(running.port, "/healthz")
            for connection in held:
                connection.close()
            second = float(smuggles(running.port) - 1)
            return {"safe": float(safe), "smuggled": second, "slow_headers": float(served)}

        yield judged


def add_to(suite: Suite) -> None:
    """Declare the comparisons of servers."""
    costs = suite.comparison(
        "servers",
        title="CPU per request of one front end on each server (closed loop of 4 users)",
        kind="run",
        unit="us",
        sizes={"workload": ["tiny", "list_50"]},
        metrics=LATENCY,
        rounds={"quick": 1, "default": 2, "full": 7},
        tier="default",
    )
    graceful = suite.comparison(
        "graceful",
        title=f"{IN_FLIGHT} requests of 1.5 s in flight, SIGTERM after 0.6 s",
        kind="run",
        unit="finished",
        metrics={"finished": Metric("requests", "higher"), "exit": Metric("s")},
        rounds={"quick": 1, "default": 1, "full": 5},
        tier="default",
    )
    attacks = suite.comparison(
        "attacks",
        title=f"Safe outcomes of {len(load_attacks())} attacks; answers to a smuggled request; "
        "others served beside 50 slow clients",
        kind="value",
        unit="attacks",
        metrics={
            "safe": Metric("attacks", "higher"),
            "smuggled": Metric("answers"),
            "slow_headers": Metric("served", "higher"),
        },
        tier="default",
    )
    for name in servers():
        needs = needs_of(name)
        costs.add(name, partial(_cost, name), baseline=name == "uvicorn", needs=needs)
        graceful.add(name, partial(_deploy, name), needs=(*needs, *POSIX))
        attacks.add(name, partial(_attack, name), needs=needs)
    streaming = suite.comparison(
        "streaming",
        title=f"{STREAM_MB} MB to a reader that stops reading",
        kind="run",
        unit="MB",
        metrics={"grown": Metric("MB"), "accepted": Metric("MB")},
        rounds={"quick": 1, "default": 1, "full": 5},
        tier="default",
    )
    for name in ("uvicorn", "hypercorn", "granian"):
        streaming.add(name, partial(_stall, name, "/stream"), needs=needs_of(name))
        suite.claim(
            f"{name} holds back a stream whose reader stalls",
            value("streaming", name, "grown") <= 32,
            tier="default",
        )
    streaming.add(
        "dump_on_uvicorn",
        partial(_stall, "uvicorn", "/dump"),
        note="the handler builds the whole answer first",
    )
    suite.claim(
        "an answer that is built first is in memory whole",
        value("streaming", "dump_on_uvicorn", "grown") >= 70,
        tier="default",
    )
    for name in ("uvicorn", "hypercorn", "granian", "gunicorn"):
        suite.claim(
            f"{name} finishes all that is in flight on SIGTERM",
            value("graceful", name, "finished").equals(IN_FLIGHT),
            tier="default",
        )
    suite.claim(
        "waitress drops what is in flight",
        value("graceful", "waitress", "finished") <= 1,
        tier="default",
    )
    suite.claim(
        "uvicorn's parser in C costs less than its parser in Python",
        ratio("servers", "uvicorn_h11", "uvicorn", workload="tiny") >= 1.4,
        tier="default",
    )
