"""Advanced examples: deadlines, audits, a log factory, hostile text."""

# ruff: noqa: RUF001 - letters that look alike are the subject

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from velvet.examples import example, main
from velvet_text import deadline, logs
from velvet_text.audit import audit
from velvet_text.drain import Drain
from velvet_text.errors import PatternTimeout, TextError
from velvet_text.inspect_text import inspect
from velvet_text.samples import texts

BUDGET_S = 0.2


def longest_pause(work: Callable[[], object]) -> tuple[bool, float, float]:
    """Return whether a deadline was kept, after how long, and how long other threads stood still."""
    over, pauses = threading.Event(), [0.0]

    def tick() -> None:
        seen = time.perf_counter()
        while not over.wait(0.001):
            seen, before = time.perf_counter(), seen
            pauses.append(seen - before)
        pauses.append(time.perf_counter() - seen)

    ticker = threading.Thread(target=tick)
    ticker.start()
    began = time.perf_counter()
    try:
        raised = work() is True
    except PatternTimeout:
        raised = True
    seconds = time.perf_counter() - began
    over.set()
    ticker.join()
    return raised, seconds, max(pauses)


@example("regex_deadline")
def regex_deadline() -> None:
    """Four ways to stop a match after 0.2 s: which do, what else stands still, what a good text costs."""
    slow = deadline.SafePattern(r"^(\w|\w\w)+;$", budget_s=BUDGET_S)
    linear = deadline.SafePattern("^(a+)+$", budget_s=BUDGET_S)
    child = deadline.SafePattern("^(a+)+$", budget_s=BUDGET_S, policy="child")

    def thread(text: str) -> bool:
        return deadline.search_in_thread("^(a+)+$", text, budget_s=BUDGET_S)[0]

    ways: tuple[tuple[str, Callable[[str], object], str, str], ...] = (
        ("thread with time-out", thread, "a" * 24 + "!", "a" * 24),
        ("regex with timeout=", slow.search, "a" * 60 + "!;", "a" * 24 + ";"),
        ("RE2, linear", linear.search, "a" * 24 + "!", "a" * 24),
        ("child, killed", child.search, "a" * 50 + "!", "a" * 24),
    )
    print(f"{'':22}{'time-out':>9}{'control back':>14}{'others wait':>13}{'a good text':>13}")
    for way, search, hostile, good in ways:
        raised, seconds, pause = longest_pause(partial(search, hostile))
        began = time.perf_counter()
        search(good)
        cost = (time.perf_counter() - began) * 1000
        shown = "raised" if raised else "none"
        print(f"{way:22}{shown:>9}{seconds:12.3f} s{pause:11.3f} s{cost:10.2f} ms")
    print("why: re holds the interpreter's lock, so the waiting thread cannot even wake")
    print("     up. A time-out is kept by what looks at the clock, or can be killed.")


PATTERNS = (
    r"^\d+(,\d+)*$", r"^[^@\s]+@[^@\s]+$", r"\s+$", r"x*x*y", "^(a+)+$", r"^(\w+\s?)*$", "(a|b|ab)*c",
    r"(.)\1+x",
)  # fmt: skip


@example("audit_my_patterns")
def audit_my_patterns() -> None:
    """Eight patterns judged without running them, then attacked in a child to see."""
    print(f"{'pattern':20} {'verdict':12} {'attack':19} measured")
    for pattern in PATTERNS:
        found = audit(pattern)
        attack = f"{found.prefix}({found.pump}){{n}}{found.suffix}" if found.pump else "-"
        seen = "-"
        if found.risk in ("polynomial", "exponential"):
            growth = deadline.confirm(pattern, budget_s=0.8)
            law = (
                f"2^({growth.exponent:.1f} n)"
                if growth.fit == "exponential"
                else f"n^{growth.exponent:.1f}"
            )
            seen = f"{growth.fit}, {law}"
        print(f"{pattern:20} {found.risk:12} {attack:19} {seen}")
    print("why: a loop that can take one word in two ways has 2^n ways to fail; two loops")
    print("     one behind the other have n. What cannot be judged is unknown, not linear.")


@example("log_factory")
def log_factory() -> None:
    """Forty thousand lines with 1 % garbage: parsed, counted, sampled, mined for templates."""
    with tempfile.TemporaryDirectory() as folder:
        path = texts.write_log(Path(folder) / "access.log", 40_000, bad=0.01)
        stats = logs.ParseStats()
        began = time.perf_counter()
        parse = logs.parser("negated")
        paths = sum(1 for _ in logs.parse_file(path, parse, stats=stats, on_error="collect"))
        seconds = time.perf_counter() - began
    print(
        f"{stats.lines:,} lines, {stats.ok:,} ok, {stats.bad} bad: {stats.lines == stats.ok + stats.bad}"
    )
    print(f"{stats.lines / seconds:,.0f} lines/s, {stats.bytes / 1e6:.1f} MB, {paths:,} requests")
    print(f"a bad one: {stats.samples[0][:60]}...\n")
    drain = Drain(depth=3)
    for message in texts.messages(4_000):
        drain.add(message)
    print(f"templates from 4,000 messages: {len(drain.templates())}; the largest:")
    for cluster in drain.templates()[:4]:
        print(f"  {cluster.size:5} {cluster.template}")
    print("why: every line is ok or bad, none is lost; templates turn a day of messages")
    print("     into a page that can be read.")


SNIPPETS = {
    "early return": "if access != 'user\u202e \u2066// check\u2069 \u2066':",
    "homoglyph": "def pаyment(total): return 0",
    "invisible name": "is_admin\u200b = True",
    "tag smuggling": "hello\U000e0068\U000e0069",
    "log injection": "ann\r\n2026-01-01 admin logged in\x1b[2K",
    "broken pair": "name = '\ud83d'",
}


@example("trojan_source")
def trojan_source() -> None:
    """Six snippets that read differently than they run, with what is hidden in each."""
    for name, snippet in SNIPPETS.items():
        print(f"{name}: {ascii(snippet)[1:-1]}")
        for found in inspect(snippet)[:3]:
            place = f"{found.span[0]}:{found.span[1]}"
            print(
                f"  {place:>6} {found.severity:6} {found.code:13} {ascii(found.message)[1:-1][:44]}"
            )
    try:
        audit("(" * 4000)
    except TextError as error:
        print(f"\nand a pattern of 4,000 brackets: {error}")
    print("why: what is shown and what runs are two texts; look for direction, width,")
    print("     script and pairs before you review, log or compare.")


if __name__ == "__main__":
    main()
