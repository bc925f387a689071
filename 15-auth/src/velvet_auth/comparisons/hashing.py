"""Password hashes: what one costs, how the cost grows, and what sixty-four logins hold at once."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from velvet.bench import Outcome, Suite, growth, ratio, speedup
from velvet_auth import contenders
from velvet_auth.contenders.hashing import argon2id
from velvet_auth.passwords import PasswordService

WORD = "correct horse battery staple"
LOGINS = 64
PATIENCE_S = 60
SETTINGS: dict[str, tuple[str, dict[str, int], str]] = {
    "argon2id_19m": ("argon2id", {"m_kib": 19_456, "t": 2}, "OWASP's minimum"),
    "argon2id_46m": ("argon2id", {"m_kib": 47_104, "t": 1}, "OWASP's other minimum"),
    "argon2id_64m": ("argon2id", {"m_kib": 65_536, "t": 3}, "RFC 9106, second choice, one lane"),
    "bcrypt_10": ("bcrypt", {"cost": 10}, "the minimum of many frameworks"),
    "bcrypt_12": ("bcrypt", {"cost": 12}, "the library's default"),
    "scrypt_14": ("scrypt", {"n": 2**14}, "as in 2009"),
    "scrypt_17": ("scrypt", {"n": 2**17}, "OWASP's first choice"),
    "pbkdf2_600k": ("pbkdf2", {"iterations": 600_000}, "OWASP's minimum"),
    "salted_sha256": ("salted_sha256", {}, "a general-purpose hash"),
}
QUICK = ("argon2id_19m", "bcrypt_12", "scrypt_17", "pbkdf2_600k", "salted_sha256")
STEPS: dict[str, Callable[[int], tuple[str, dict[str, int]]]] = {
    "argon2id_passes": lambda work: ("argon2id", {"m_kib": 8192, "t": work}),
    "argon2id_memory": lambda work: ("argon2id", {"m_kib": 4096 * work, "t": 1}),
    "bcrypt_cost": lambda work: ("bcrypt", {"cost": 6 + int(math.log2(work))}),
    "scrypt_n": lambda work: ("scrypt", {"n": 2**11 * work}),
}


def _hash(name: str) -> Callable[[], Outcome]:
    scheme, options, _ = SETTINGS[name]
    hasher = contenders.load("hashing", scheme).Hasher(**options)
    repeats = 20_000 if name == "salted_sha256" else 3
    row = hasher.hash(WORD)

    def run() -> Outcome:
        begun = time.process_time()
        for _ in range(repeats):
            ok = hasher.verify(row, WORD)
        spent = (time.process_time() - begun) / repeats
        return Outcome({"guesses": 1 / spent, "mib": hasher.memory_mib}, seconds=spent, result=ok)

    return run


def _grown(name: str, work: int) -> Callable[[], bool]:
    scheme, options = STEPS[name](work)
    hasher = contenders.load("hashing", scheme).Hasher(**options)
    row = hasher.hash(WORD)
    return lambda: bool(hasher.verify(row, WORD))


def _logins(workers: int) -> Callable[[], Outcome]:
    hasher = argon2id.Hasher()
    row = hasher.hash(WORD)
    check: Callable[[], Any]
    service: PasswordService | None = None
    if workers:
        service = bounded = PasswordService(hasher, max_workers=workers, max_waiting=LOGINS)
        check = lambda: bounded.check(row, WORD).ok  # noqa: E731
    else:
        check = lambda: hasher.verify(row, WORD)  # noqa: E731

    def run() -> Outcome:
        answers: list[bool] = []
        start = threading.Barrier(LOGINS + 1)

        def login() -> None:
            start.wait(PATIENCE_S)
            answers.append(check())

        threads = [threading.Thread(target=login) for _ in range(LOGINS)]
        for thread in threads:
            thread.start()
        start.wait(PATIENCE_S)
        begun = time.perf_counter()
        for thread in threads:
            thread.join()
        spent = time.perf_counter() - begun
        if service is not None:
            service.close()
        return Outcome(seconds=spent, result=sum(answers))

    return run


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    cost = suite.comparison(
        "password_hashing",
        title="One verification: CPU time, guesses of a thief per second and core, memory",
        kind="run",
        unit="ms",
        metrics={"guesses": "guesses/s", "mib": "MiB"},
        rounds={"quick": 1, "default": 2},
    )
    for name, (_, _, note) in SETTINGS.items():
        tier = "quick" if name in QUICK else "default"
        cost.add(name, partial(_hash, name), baseline=name == "argon2id_19m", note=note, tier=tier)
    cost.same_result()
    suite.claim(
        "a thief tries at least 10,000 times as many passwords against SHA-256 as against argon2id",
        ratio("password_hashing", "salted_sha256", "argon2id_19m", "guesses") >= 10_000,
    )
    suite.claim(
        "bcrypt at 12 takes at least 3x the time of argon2id at OWASP's minimum",
        speedup("password_hashing", "argon2id_19m", "bcrypt_12") >= 3,
    )
    suite.claim(
        "scrypt at 2^17 takes at least 4x the time of argon2id at OWASP's minimum",
        speedup("password_hashing", "argon2id_19m", "scrypt_17") >= 4,
    )

    grown = suite.comparison(
        "cost_growth",
        title="Time of a verification while one parameter doubles",
        unit="ms",
        sizes={"work": [1, 2, 4, 8]},
        quick=lambda work: work in (1, 4),
        rounds={"quick": 4, "default": 6},
    )
    for name in STEPS:
        grown.add(name, partial(_grown, name))
    grown.same_result()
    for name in ("argon2id_passes", "bcrypt_cost", "scrypt_n"):
        suite.claim(
            f"{name}: twice the work takes about twice the time",
            growth("cost_growth", name, over="work").between(0.7, 1.35),
        )
    suite.claim(
        "argon2id_memory: twice the memory takes about twice the time or more",
        growth("cost_growth", "argon2id_memory", over="work") >= 0.7,
    )

    parallel = suite.comparison(
        "login_concurrency",
        title=f"{LOGINS} logins at once with argon2id at 19 MiB",
        kind="run",
        unit="s",
        rounds={"quick": 2, "default": 3},
    )
    parallel.add("unbounded", partial(_logins, 0), baseline=True, note="a thread for each login")
    for workers in (2, 4):
        tier = "quick" if workers == 2 else "default"
        parallel.add(f"bounded_{workers}", partial(_logins, workers), tier=tier)
    parallel.same_result()
    suite.claim(
        "two workers hold at most a fifth of the memory",
        ratio("login_concurrency", "unbounded", "bounded_2", "peak_mb") >= 5,
    )
    suite.claim(
        "and take at most 1.5x the time",
        ratio("login_concurrency", "bounded_2", "unbounded") <= 1.5,
        needs="calm",  # a busy machine shares its cores by thread, and 64 get more than 2
    )
