"""What happens at once: one refresh token in many hands, and a login page with a stopwatch."""

from __future__ import annotations

import hmac
import http.client
import secrets
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from velvet.bench import Metric, Outcome, Suite, across, ratio, value
from velvet_auth.contenders.hashing import argon2id
from velvet_auth.database import Database
from velvet_auth.passwords import PasswordService

THREADS, PROCESSES, TOKENS = 16, 4, 30
PAIRS = 12
PATIENCE_S = 60
ROUND_TRIP_S = 0.001  # to a store on another machine of the same network
SCHEMA = """
CREATE TABLE IF NOT EXISTS refresh (id INTEGER PRIMARY KEY, used_at REAL);
CREATE TABLE IF NOT EXISTS successors (digest BLOB, id INTEGER);
"""
_LOCK = threading.Lock()


def _answer(db: Database, token: int) -> None:
    """Make and store the successor: the work between the check and the mark."""
    time.sleep(ROUND_TRIP_S)
    db.change("INSERT INTO successors VALUES (?, ?)", (secrets.token_bytes(32), token))


def check_then_mark(db: Database, token: int) -> bool:
    """Read, make the answer, then mark the token as used."""
    if db.row("SELECT used_at FROM refresh WHERE id = ?", (token,)) != (None,):
        return False
    _answer(db, token)
    db.change("UPDATE refresh SET used_at = 1 WHERE id = ?", (token,))
    return True


def lock_in_process(db: Database, token: int) -> bool:
    """The same under a lock of this process."""
    with _LOCK:
        return check_then_mark(db, token)


def atomic_update(db: Database, token: int) -> bool:
    """Mark it if it is unused; the row count decides who makes an answer."""
    marked = db.change("UPDATE refresh SET used_at = 1 WHERE id = ? AND used_at IS NULL", (token,))
    if marked:
        _answer(db, token)
    return bool(marked)


STRATEGIES = {one.__name__: one for one in (check_then_mark, lock_in_process, atomic_update)}


def _by_threads(strategy: str, path: Path) -> int:
    use, won = STRATEGIES[strategy], [0] * THREADS
    start = threading.Barrier(THREADS)
    with Database(path) as db:

        def race(number: int) -> None:
            for token in range(TOKENS):
                start.wait(PATIENCE_S)
                won[number] += use(db, token)

        threads = [threading.Thread(target=race, args=(number,)) for number in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return sum(won)


def _by_processes(strategy: str, path: Path) -> int:
    words = [sys.executable, "-m", "velvet_auth.comparisons.racing", strategy, str(path)]
    racers = [
        subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    for racer in racers:
        assert racer.stdout is not None
        racer.stdout.readline()  # ready
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    return sum(int(racer.communicate(timeout=PATIENCE_S)[0]) for racer in racers)


def _race(strategy: str, racers: str) -> Iterator[Callable[[], Outcome]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "refresh.db")

        def run() -> Outcome:
            with Database(path, SCHEMA) as db:
                for token in range(TOKENS):
                    db.change("INSERT OR REPLACE INTO refresh VALUES (?, NULL)", (token,))
            begun = time.perf_counter()
            won = (_by_threads if racers == "16 threads" else _by_processes)(strategy, path)
            spent = time.perf_counter() - begun
            return Outcome({"wins": won / TOKENS}, seconds=spent)

        yield run


def _main(strategy: str, path: str) -> None:
    with Database(path) as db:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        won = sum(STRATEGIES[strategy](db, token) for token in range(TOKENS))
        sys.stdout.write(f"{won}\n")


def _stopwatch(way: str) -> Iterator[Callable[[], Outcome]]:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    hasher = argon2id.Hasher()
    service = PasswordService(hasher)
    rows = {f"user{number}": hasher.hash("a password") for number in range(3)}

    def login(request: Request) -> Response:
        row = rows.get(request.query_params["name"])
        if way == "early_return":
            ok = row is not None and hasher.verify(row, "a guess")
        else:
            ok = service.check(row, "a guess").ok
        return Response(status_code=200 if ok else 403)

    app = Starlette(routes=[Route("/login", login)])
    live = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=live.run)
    thread.start()
    while not live.started and thread.is_alive():
        time.sleep(0.01)
    port = live.servers[0].sockets[0].getsockname()[1]

    def spent(name: str) -> float:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        begun = time.perf_counter()
        connection.request("GET", f"/login?name={name}")
        connection.getresponse().read()
        taken = time.perf_counter() - begun
        connection.close()
        return taken * 1000

    def run() -> Outcome:
        known, unknown = [], []
        for number in range(PAIRS):
            known.append(spent(f"user{number % 3}"))
            unknown.append(spent(f"absent{number}"))
        pairs = [(one > other) + (one == other) / 2 for one in known for other in unknown]
        middle, other = statistics.median(known), statistics.median(unknown)
        told = {"apart": middle / other, "guess": statistics.mean(pairs) * 100, "known": middle}
        return Outcome(told, seconds=other / 1000)

    try:
        yield run
    finally:
        live.should_exit = True
        thread.join()
        service.close()


def _loop(given: bytes, wanted: bytes) -> bool:
    for one, other in zip(given, wanted, strict=True):  # noqa: SIM110 - as it is written everywhere
        if one != other:
            return False
    return True


COMPARERS: dict[str, Callable[[bytes, bytes], bool]] = {
    "loop": _loop,
    "equals": lambda given, wanted: given == wanted,
    "compare_digest": hmac.compare_digest,
}


def _compare(function: Callable[[bytes, bytes], bool], prefix: int) -> Callable[[], bool]:
    wanted = b"a" * 64
    given = wanted[:prefix] + b"b" * (64 - prefix)
    return lambda: function(given, wanted)


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    race = suite.comparison(
        "refresh_race",
        title=f"{TOKENS} refresh tokens, each used by all at once, the store 1 ms away: wins per token",
        kind="run",
        unit="s",
        sizes={"racers": ["16 threads", "4 processes"]},
        metrics={"wins": Metric("wins")},
        rounds={"quick": 1, "default": 3},
    )
    for strategy in STRATEGIES:
        race.add(strategy, partial(_race, strategy), baseline=strategy == "check_then_mark")
    for racers in ("16 threads", "4 processes"):
        suite.claim(
            f"{racers}: the atomic update gives exactly one new token for each",
            value("refresh_race", "atomic_update", "wins", racers=racers).equals(1),
        )
    suite.claim(
        "check then mark gives several",
        value("refresh_race", "check_then_mark", "wins", racers="16 threads") >= 1.5,
    )

    login = suite.comparison(
        "user_enumeration",
        title="A login over loopback: how far apart known and unknown users answer",
        kind="run",
        unit="ms",
        metrics={"apart": Metric("times"), "guess": Metric("%"), "known": Metric("ms")},
        rounds={"quick": 2, "default": 3},
    )
    login.add("early_return", partial(_stopwatch, "early_return"), baseline=True)
    login.add("dummy_hash", partial(_stopwatch, "dummy_hash"))
    suite.claim(
        "returning early answers unknown users at least 5x sooner",
        value("user_enumeration", "early_return", "apart") >= 5,
    )
    suite.claim(
        "with the dummy hash both take the same time",
        value("user_enumeration", "dummy_hash", "apart").between(0.7, 1.4),
    )
    suite.claim(
        "the dummy hash makes an unknown user's answer at least 5x slower",
        ratio("user_enumeration", "dummy_hash", "early_return") >= 5,
    )

    leak = suite.comparison(
        "constant_time",
        title="Compare two tokens of 64 characters that share a prefix",
        unit="ns",
        sizes={"prefix": [0, 63]},
        rounds={"quick": 6, "default": 15},
    )
    for name, function in COMPARERS.items():
        leak.add(name, partial(_compare, function), baseline=name == "loop")
    leak.same_result()
    suite.claim(
        "a loop takes at least 2x as long for a guess that is almost right",
        across("constant_time", "loop", first={"prefix": 63}, second={"prefix": 0}) >= 2,
    )
    suite.claim(
        "compare_digest takes the same time whatever the prefix",
        across(
            "constant_time", "compare_digest", first={"prefix": 63}, second={"prefix": 0}
        ).between(0.8, 1.25),
    )


if __name__ == "__main__":
    _main(*sys.argv[1:])
