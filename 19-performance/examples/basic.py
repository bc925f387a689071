"""Basic examples: where the time goes, what fixing it gives, and what a cache keeps."""

from __future__ import annotations

import functools
import math

from velvet.examples import example, main
from velvet_performance import caching, ladder, programs, scaling
from velvet_performance.profilers import profilers


@example("find_it")
def find_it() -> None:
    """The slow log analysis under cProfile: five functions, and the most that each can give."""
    outcome = profilers()["cprofile"].run("access_log", 800)
    profile = outcome.profile
    assert profile is not None
    print(f"{'function':26}{'calls':>9}{'own':>9}{'with callees':>14}")
    for row in profile.hottest():
        own, total = row.own / profile.sum, row.total / profile.sum
        print(f"{row.function[:25]:26}{row.calls:>9,}{own:>9.1%}{total:>14.1%}")
    print(f"\n{'part of the program':26}{'share':>9}{'ceiling':>9}")
    about = programs.get("access_log")
    shares = {part: profile.share_of(part) for part in about.parts}
    for part, share in sorted(shares.items(), key=lambda item: -item[1]):
        print(f"{part:26}{share:>9.1%}{scaling.amdahl(share, math.inf):>8.2f}x")
    worst = max(shares, key=lambda part: shares[part])
    ceiling = scaling.amdahl(shares[worst], math.inf)
    print(f"\nfix this first: {worst}, at most {ceiling:.1f}x; all others together: ", end="")
    print(f"{scaling.amdahl(1 - shares[worst], math.inf):.2f}x")
    print("why: own time names the library; time with callees names the line that is yours")


@example("fix_it")
def fix_it() -> None:
    """The same program in six steps, each with its gain and with what Amdahl's law predicted."""
    steps = ladder.get("access_log")
    answer = steps.verify(300)
    print(f"all steps agree on {answer.addresses} addresses, {len(answer.requests)} rows: yes\n")
    print(f"{'step':19}{'ms':>8}{'gain':>8}{'interval':>15}{'predicted':>10}{'total':>8}  verdict")
    for rung in steps.measure(700, pairs=3):
        gain = f"{rung.step_gain:.2f}x" if rung.predicted else ""
        span = f"[{rung.lo:.2f}, {rung.hi:.2f}]" if rung.predicted else ""
        predicted = f"{rung.predicted:.2f}x" if rung.predicted else ""
        line = f"{rung.step.name:19}{rung.seconds * 1e3:>8.2f}{gain:>8}{span:>15}{predicted:>10}"
        print(f"{line}{rung.total_gain:>7.1f}x  {rung.verdict}")
    print("\nwhy: a step gives what its part had: 1 / (1 - share + share / speed-up)")
    print("next: velvet bench 19 --filter log_ladder, where 5,000 lines change the order")


@example("cache_it")
def cache_it() -> None:
    """A cache that saves calls, a cache that leaks its objects, a stampede, and the cure."""
    calls: list[int] = []

    @functools.lru_cache(maxsize=100)
    def fare(kilometres: int) -> float:
        calls.append(kilometres)
        return kilometres * 0.23

    asked = [(number * 37) % 60 for number in range(1_000)]
    total = sum(fare(one) for one in asked)
    print(f"1,000 questions, {len(calls)} computations, sum {total:.2f}\n{fare.cache_info()}")

    kept = caching.leak_check(functools.lru_cache(maxsize=None))
    print(f"\na method under lru_cache: {kept} of 10 objects live after their last name went")
    print(f"the same without a cache:  {caching.leak_check(lambda function: function)} of 10")

    print("\n50 threads miss the same entry at once; it was computed")
    for name, decorate in (
        ("lru_cache", functools.lru_cache(maxsize=128)),
        ("memoize(ttl=60)", caching.memoize(ttl=60)),
        ("memoize(single_flight=True)", caching.memoize(ttl=60, single_flight=True)),
    ):
        print(f"  {name:30}{caching.stampede(decorate):>3} times")
    print("why: a cache locks its table, not the computation; self is part of the key")


if __name__ == "__main__":
    main()
