"""First looks: seven clients, an API, a timeout that is no deadline, a payment that is made once.

Every example is one function to be read from top to bottom; run one of them with
`python examples/basic.py NAME`. Each figure it prints is measured while it runs, on loopback.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import time
from email.utils import formatdate

import requests

from velvet.examples import example, main
from velvet_http.comparisons import bare
from velvet_http.comparisons.server_process import ServerProcess
from velvet_http.contenders import available, connect
from velvet_http.errors import DeadlineExceeded, HttpError
from velvet_http.faults import FaultServer, fault
from velvet_http.faults.routes import TOKEN, respond
from velvet_http.model import Deadline, Headers, Request
from velvet_http.policy import Backoff, RetryPolicy
from velvet_http.resilient import ResilientClient
from velvet_http.transfer import cursor, paginate


@example("one_request_seven_clients")
def one_request_seven_clients() -> None:
    """The same GET through each client: CPU time, and the connections that a session saves.

    The server counts connections, in a process of its own; CPU time is this process's alone.
    """
    counts = {"session": 25, "no session": 8}
    with ServerProcess() as server:
        url = server.urls["http"] + "/json"
        print(f"{'client':12} {'session':>16} {'no session':>16}   connections")
        for name in bare.available():
            spent, connects = [], []
            _several(name, url, 1)  # imports and the TLS context cost no request
            for way, count in counts.items():
                before, began = server.counters()["connects"], time.process_time()
                if way == "session":
                    _several(name, url, count)
                else:
                    for _ in range(count):
                        bare.bare(name)(url, 5)
                spent.append((time.process_time() - began) / count * 1e6)
                connects.append(server.counters()["connects"] - before)
            print(
                f"{name:12} {spent[0]:10,.0f} us CPU {spent[1]:10,.0f} us CPU"
                f"  {connects[0]} for {counts['session']}, {connects[1]} for {counts['no session']}"
            )
    print("\nwhy: without a session each call pays for a connection; httpx sets up TLS, too")


def _several(name: str, url: str, count: int) -> None:
    made = bare.repeat(name)(url, count)
    if inspect.iscoroutine(made):
        asyncio.run(made)


@example("call_a_real_api")
def call_a_real_api() -> None:
    """An API that wants a token, hands out pages and limits the rate; then an address of yours.

    Nothing leaves this machine unless VELVET_HTTP_URL names an address: each client fetches it.
    """
    with FaultServer() as server, connect("urllib3") as plain:
        client = ResilientClient(plain, RetryPolicy(attempts=3))
        url = server.url("/items?cursor=&limited=1")
        refused = client.request(Request("GET", url))
        print(f"without a token: {refused.status}, {refused.json()['error']}")

        bearer = Headers({"Authorization": f"Bearer {TOKEN}"})
        items = list(paginate(client, url, cursor, headers=bearer))
        asked = len(server.journal) - 1
        print(f"with it: {len(items)} items, {len(set(items))} of them different")
        print(f"requests: {asked} for 10 pages, so {asked - 10} answered with 429\n")

    own = os.environ.get("VELVET_HTTP_URL")
    if own is None:
        print("yours: VELVET_HTTP_URL=https://... python examples/basic.py call_a_real_api")
        return
    for name in available():
        with connect(name) as yours:
            try:
                got = yours.get(own, deadline=Deadline.after(10))
                said = f"{got.status}, {len(got.body):,} bytes in {got.elapsed * 1000:.0f} ms"
            except (HttpError, ValueError) as error:
                said = f"{type(error).__name__}: {error}"
        print(f"{name:12} {said}")


@example("timeouts_are_not_deadlines")
def timeouts_are_not_deadlines() -> None:
    """A server that sends 20 bytes every 100 ms: a timeout of half a second never ends it.

    A read timeout bounds one silence; a deadline bounds the call.
    """
    with FaultServer() as server:
        url = server.script("/drip", [fault("drip")])

        began = time.monotonic()
        size = len(requests.get(url, timeout=0.5).content)
        print(
            f"requests, timeout=0.5:  accepted {size} bytes after {time.monotonic() - began:.1f} s"
        )

        for name in ("requests", "aiohttp", "httpx2"):
            with connect(name) as client:
                began = time.monotonic()
                try:
                    client.get(url, deadline=Deadline.after(0.5))
                except DeadlineExceeded as error:
                    took = time.monotonic() - began
                    print(
                        f"{name + ', deadline=0.5:':23} {type(error).__name__} after {took:.1f} s"
                    )
    print("\nwhy: each 20 bytes start the read timeout anew; a deadline only shrinks")


@example("retry_after_and_idempotency")
def retry_after_and_idempotency() -> None:
    """A server that says when to come back, and a payment whose first answer is lost.

    The journal of the server shows the pause that it ordered, and one charge for two requests.
    """
    with FaultServer() as server, connect("urllib3") as plain:
        client = ResilientClient(plain, RetryPolicy(backoff=Backoff(base=0.01)))

        later = formatdate(time.time() + 2, usegmt=True)
        url = server.script("/busy", [respond(429, Retry_After=later), respond(200, b"served")])
        answer = client.request(Request("GET", url))
        first, second = server.journal
        print(f"Retry-After: {later}")
        print(f"429, then {answer.text!r} after a pause of {second.at - first.at:.1f} s\n")

        pay = Request("POST", server.url("/pay?lose=1"), Headers(), b'{"amount": 7}')
        paid = client.request(pay.with_headers(Idempotency_Key=""))
        keys = [e.headers["idempotency-key"] for e in server.journal if e.method == "POST"]
        print(f"attempts: {[attempt.outcome for attempt in paid.attempts]}")
        print(f"requests: {len(keys)}, different keys: {len(set(keys))}")
        print(f"charges: {len(server.api.charges)}")
    print("\nwhy: the key is made once a call, so the server knows the second request")


if __name__ == "__main__":
    main()
