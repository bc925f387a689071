"""What a server does when it is asked for too much, told to stop, or given a slow reader."""

from __future__ import annotations

import http.client
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor

from velvet.examples import example, main
from velvet_web.comparisons.client import Client, OverSocket
from velvet_web.loadgen import find_capacity, measure
from velvet_web.loadplan import LoadPlan, Shot
from velvet_web.production import Needs, options, settings_for, unit
from velvet_web.servers import Running, serve, servers
from velvet_web.settings import Settings

WORK = (Shot("/work"),)


def slow_request(server: Running, sent: threading.Barrier) -> bool:
    """Send a request of 600 ms and tell whether its answer came."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=8)
    connection.connect()
    connection.request("GET", "/wait?ms=600")
    sent.wait()
    try:
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@example("deploy_without_dropping", needs=("not windows",))
def deploy_without_dropping() -> None:
    """Send SIGTERM while ten requests are in flight, and count what each server finishes."""
    for name in ("uvicorn", "gunicorn_sync", "waitress"):
        app = "lab" if servers()[name].interface == "asgi" else "lab_wsgi"
        sent = threading.Barrier(11)
        with serve(app, name, threads=10) as server, ThreadPoolExecutor(10) as pool:
            calls = [pool.submit(slow_request, server, sent) for _ in range(10)]
            sent.wait()
            # Let the server read them before the signal comes.
            threading.Event().wait(0.2)
            server.terminate()
            finished = sum(call.result() for call in calls)
        print(f"{name:14} {finished:2} of 10 finished")
    print("why: a load balancer stops sending only after it notices; until then, drain")


@example("overload")
def overload() -> None:
    """Twice the capacity, without a limit and with one: answers that come in time."""
    limits = Settings(dsn="unused", max_inflight=10, max_queue=10, max_wait=0.1)
    print("capacity 200/s, offered 400/s, an answer is of use within 250 ms\n")
    for name, settings in (("no limit", None), ("LoadShed", limits)):
        with serve("lab", "uvicorn", settings) as server:
            plan = LoadPlan(server.url, WORK, rate=400, seconds=1.6, timeout=1.0)
            found = measure(plan)
        refused = found.outcomes["503"]
        print(
            f"{name:9} in time {found.goodput:4.0f}/s  answered {found.throughput:4.0f}/s  "
            f"refused {refused:4}  p99 {found.p(99):5.0f} ms"
        )
    print("why: a server that takes everything is busy with answers that come too late")


@example("metastable")
def metastable() -> None:
    """A surge of three seconds, clients that retry, and a server that never comes back."""
    from velvet_web.dashboard.virtual import Overload, goodput, simulate

    print("140/s of 200/s, three times as many from second 5 to 8; in virtual time\n")
    for name, scenario in {
        "no limit, no retries": Overload(),
        "no limit, 3 retries": Overload(retries=3),
        "queue of 10, 3 retries": Overload(retries=3, queue=10),
        "deadline of 100 ms, 3 retries": Overload(retries=3, max_wait=0.1),
    }.items():
        windows = simulate(scenario)
        bars = "".join("▁▂▃▄▅▆▇█"[min(7, window.good * 8 // 60)] for window in windows[::4])
        print(f"{name:30} {bars} {goodput(windows, since=14):4.0f}/s at the end")
    print("why: what was late is asked for again, so the surge goes on without its cause")


@example("capacity_plan")
def capacity_plan() -> None:
    """The rate that one process carries within its objective, Little's law, and the workers."""
    with serve("lab", "uvicorn") as server:
        plan = LoadPlan(server.url, WORK, seconds=0.7, timeout=1.0, arrivals="uniform")
        best, tried = find_capacity(plan, 250.0, start=90, factor=1.3, most=260)
    for rate, p99 in tried:
        print(f"{rate:5.0f}/s   p99 {p99:6.0f} ms")
    workers = -(-500 // max(int(best), 1))
    needs = Needs(rate=500, service_ms=50, cores=workers)
    print(f"\none process: {best:.0f}/s with p99 under 250 ms")
    print(
        f"500/s need {workers} of them, with {needs.concurrency} requests in service (500 x 0.05 s)"
    )
    print("why: requests in service = rate x time, whatever the framework")


@example("a_configuration_with_reasons")
def a_configuration_with_reasons() -> None:
    """A systemd unit for a board that must carry 200 requests a second, derived and not guessed."""
    needs = Needs(rate=200, service_ms=20, cores=2)
    print(f"in service at the peak: {needs.concurrency} (rate times time)")
    print(f"may wait within the deadline: {needs.queue}\n")
    settings = settings_for("fastapi", needs, Settings(dsn="/var/lib/board/board.db"))
    for line in unit("fastapi", needs, settings).splitlines():
        print(textwrap.fill(line, 78, subsequent_indent="    ", break_on_hyphens=False))
    print()
    # Three of its nine options, with what each is there for.
    for option in options("fastapi", needs)[3:6]:
        # The tab Production has all of them.
        print(textwrap.fill(f"{' '.join(option.words)}: {option.reason}", 78))
    print("why: limits follow from rate, time and deadline; the page has every reason")


@example("slow_reader")
def slow_reader() -> None:
    """A 100 MB stream to a reader that stops reading: what the server takes, and its memory."""
    with serve("lab", "uvicorn") as server:
        before = server.rss_bytes()
        reader = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        reader.request("GET", "/stream?mb=100")
        response = reader.getresponse()
        response.read(1024)
        probe = OverSocket(server.url)
        counts = [-1, 0]
        while counts[-1] != counts[-2] or not counts[-1]:
            counts.append(int(Client(probe).request("GET", "/sent").body.split()[0]))
            threading.Event().wait(0.05)
        grown = (server.rss_bytes() - before) / 2**20
        probe.close()
        response.close()
        reader.close()
    taken = counts[-1] / 2**20
    print(f"taken from the handler: {taken:.1f} of 100 MB; memory grew {grown:.1f} MB")
    print("why: `await send` waits for room in the socket; a list would hold it all")


if __name__ == "__main__":
    main()
