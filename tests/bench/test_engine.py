"""A whole run: faults are rows, answers are compared, claims are judged, seeds repeat it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import psutil
import pytest
from jsonschema import Draft202012Validator

import velvet.bench.results
from velvet.bench.engine import Engine
from velvet.bench.measured import Measured
from velvet.bench.suite import Options
from velvet.bench.verdicts import Judge, noise, noise_index

FAULTS = """
    import stat

    def write_garbage():
        for number in range(3, 30):
            try:
                if stat.S_ISFIFO(os.fstat(number).st_mode):
                    os.write(number, b"garbage\\n")
            except OSError:
                pass

    def fail():
        raise RuntimeError("out of luck")

    def add_all(work):
        work.add("good", lambda: lambda: sum(range(500)), baseline=True)
        work.add("crash", lambda: lambda: os._exit(3))
        work.add("exit", lambda: lambda: sys.exit("enough"))
        work.add("exception", lambda: fail)
        work.add("broken_setup", fail)
        work.add("no_callable", lambda: 42)
        work.add("garbage", lambda: write_garbage)
        work.add("unpicklable", lambda: lambda: (threading.Lock(), lambda: None))
        work.add("missing", lambda: lambda: 1, needs="no-such-distribution>=1")
"""
REASONS = {
    "crash": "ended with exit code 3",
    "exit": "ended with exit code 1: enough",
    "exception": "RuntimeError: out of luck",
    "broken_setup": "RuntimeError: out of luck",
    "no_callable": "TypeError: a contender's set-up returns a callable",
    "garbage": "spoke garbage: b'garbage",
}


@pytest.fixture(scope="module", params=["micro", "run"])
def faulty(request, declared, measured_by_engine):
    suite = declared(f"""{FAULTS}
    work = suite.comparison("work", kind="{request.param}")
    add_all(work)
    """)
    return measured_by_engine(suite, processes=1, rounds=2)


@pytest.mark.parametrize("contender", REASONS)
def test_a_fault_is_a_row_with_its_reason(faulty, contender):
    assert faulty.entry(contender)["error"].startswith(REASONS[contender])


@pytest.mark.parametrize("contender", REASONS)
def test_a_fault_is_announced(faulty, contender):
    assert contender in [event["contender"] for event in faulty.of("error")]


def test_a_missing_package_is_a_skipped_row_with_the_way_out(faulty):
    reason = 'no-such-distribution is not installed (pip install "no-such-distribution>=1")'

    assert faulty.entry("missing")["skipped"] == reason


@pytest.mark.parametrize("kind", ["micro", "run", "value"])
@pytest.mark.parametrize("checked", ["", "work.same_result()"])
def test_a_set_up_may_find_that_its_contender_is_not_for_this_machine(
    declared, measured_by_engine, kind, checked
):
    suite = declared(f"""
    def not_here(n):
        raise Absent("this server is too old")

    work = suite.comparison("work", kind="{kind}", sizes={{"n": [1, 2]}})
    work.add("here", lambda n: lambda: 7)
    work.add("not_here", not_here)
    {checked}
    """)

    run = measured_by_engine(suite, processes=1, rounds=2)

    absent = [one for one in run.results["results"] if one["contender"] == "not_here"]
    assert [(one["size"], one["skipped"]) for one in absent] == [
        ({"n": 1}, "this server is too old"),
        ({"n": 2}, "this server is too old"),
    ]
    assert "error" not in absent[0]
    assert run.of("error") == []
    assert "error" not in run.entry("here")


@pytest.mark.parametrize(
    ("tier", "rows"),
    [
        ("quick", {("cheap", 1)}),
        ("default", {("cheap", 1), ("cheap", 2), ("dear", 1), ("dear", 2)}),
        ("full", {(who, n) for who in ("cheap", "dear") for n in (1, 2, 3)}),
    ],
)
def test_a_tier_measures_the_sizes_and_contenders_that_are_its_own(
    declared, measured_by_engine, tier, rows
):
    suite = declared("""
    work = suite.comparison(
        "work", kind="value", sizes={"n": [1, 2, 3]}, default=lambda n: n < 3, quick=lambda n: n < 2
    )
    work.add("cheap", lambda n: lambda: n)
    work.add("dear", lambda n: lambda: n, tier="default")
    suite.claim("they are alike", ratio("work", "dear", "cheap", n=1).equals(1))
    suite.claim("at two as well", ratio("work", "dear", "cheap", n=2).equals(1), tier="default")
    """)

    run = measured_by_engine(suite, tier=tier)

    assert {(one["contender"], one["size"]["n"]) for one in run.results["results"]} == rows
    verdicts = [claim["verdict"] for claim in run.results["claims"]]
    assert verdicts == (["INCONCLUSIVE"] if tier == "quick" else ["HOLDS", "HOLDS"])


@pytest.mark.parametrize("contender", ["good", "unpicklable"])
def test_beside_faults_the_others_are_measured(faulty, contender):
    assert faulty.entry(contender)["median"] > 0


def test_results_with_faults_meet_the_schema(faulty):
    file = Path(velvet.bench.results.__file__).with_name("schema.json")
    schema = json.loads(file.read_text(encoding="utf-8"))

    Draft202012Validator.check_schema(schema)
    problems = list(
        Draft202012Validator(schema).iter_errors(json.loads(json.dumps(faulty.results)))
    )

    assert problems == []


def test_results_name_no_path_of_this_machine(faulty, tmp_path_factory):
    assert str(tmp_path_factory.getbasetemp()) not in json.dumps(faulty.results)


def test_a_contender_that_prints_ten_megabytes_is_measured_like_any_other(
    declared, measured_by_engine
):
    suite = declared("""
        work = suite.comparison("work", kind="run")
        work.add("loud", lambda: lambda: print("x" * 10 * 2**20))
        work.add("good", lambda: lambda: 1)
    """)

    run = measured_by_engine(suite, rounds=1)

    assert run.entry("loud")["median"] > run.entry("good")["median"]


def test_a_hang_is_ended_with_all_that_it_started(declared, measured_by_engine, tmp_path):
    note = tmp_path / "pid"
    suite = declared(f"""
        import subprocess
        work = suite.comparison("work", kind="micro", limit=2.0)

        def hang():
            nap = "import time; time.sleep(600)"
            started = subprocess.Popen([sys.executable, "-c", nap])
            Path({str(note)!r}).write_text(str(started.pid))
            return lambda: time.sleep(600)

        work.add("good", lambda: lambda: 1)
        work.add("hang", hang)
    """)

    run = measured_by_engine(suite, processes=1, rounds=1)

    assert run.entry("hang")["error"] == "gave no sign of life for 2 s"
    assert run.entry("good")["median"] > 0
    assert not alive(int(note.read_text(encoding="utf-8")))


def alive(pid):
    """Whether a process still runs; one that was killed may wait a moment to be reaped."""
    try:
        process = psutil.Process(pid)
        process.wait(timeout=10)
    except psutil.NoSuchProcess:
        return False
    except psutil.TimeoutExpired:
        return process.status() != psutil.STATUS_ZOMBIE
    return False


@pytest.mark.parametrize(
    ("kind", "processes"), [("micro", 1), ("micro", 2), ("run", 1), ("value", 1)]
)
def test_a_different_answer_is_refused_before_timing_at_every_size(
    declared, measured_by_engine, kind, processes
):
    suite = declared(f"""
        work = suite.comparison("work", kind="{kind}", sizes={{"n": [1, 2]}})
        work.add("right", lambda n: lambda: n)
        work.add("wrong", lambda n: lambda: -n)
        work.same_result()
    """)

    run = measured_by_engine(suite, processes=processes, rounds=1)

    rows = [row for row in run.measured.of("work") if row.contender == "wrong"]
    assert ["different answer from right" in row.error for row in rows] == [True, True]
    assert [(row.series, row.values) for row in rows] == [({}, {}), ({}, {})]


def test_a_crash_in_the_check_of_the_first_worker_leaves_the_others_measured(
    declared, measured_by_engine
):
    suite = declared("""
        work = suite.comparison("work")
        work.add("first", lambda: lambda: 7)
        work.add("dies", lambda: lambda: os._exit(3))
        work.add("last", lambda: lambda: 7)
        work.same_result()
    """)

    run = measured_by_engine(suite, processes=2, rounds=2)

    assert run.entry("dies")["error"]
    for name in ("first", "last"):
        assert run.entry(name)["n"] == 4
        assert run.entry(name)["cold_s"] > 0


def test_a_figure_whose_child_dies_leaves_the_others_their_own(declared, measured_by_engine):
    suite = declared("""
        work = suite.comparison("work", kind="value", unit="")
        work.add("first", lambda: lambda: 1)
        work.add("fails", lambda: lambda: 1 / 0)
        work.add("dies", lambda: lambda: os._exit(3))
        work.add("last", lambda: lambda: 2)
    """)

    run = measured_by_engine(suite)

    assert (run.entry("first")["median"], run.entry("last")["median"]) == (1, 2)
    assert run.entry("fails")["error"].startswith("ZeroDivisionError")
    assert sorted(event["contender"] for event in run.of("error")) == ["dies", "fails"]


def test_a_different_answer_is_refused_where_the_quick_tier_leaves_out_the_smallest_size(
    declared, measured_by_engine
):
    suite = declared("""
        work = suite.comparison("work", kind="run", sizes={"n": [1, 2]}, quick=lambda n: n == 2)
        work.add("right", lambda n: lambda: n)
        work.add("wrong", lambda n: lambda: -n)
        work.same_result()
    """)

    run = measured_by_engine(suite, rounds=1)

    assert "different answer from right: -2 instead of 2" in run.entry("wrong")["error"]


def test_a_crash_during_the_check_leaves_the_others_to_be_checked(declared, measured_by_engine):
    suite = declared("""
        work = suite.comparison("work")
        work.add("right", lambda: lambda: 1)
        work.add("crash", lambda: lambda: os._exit(4))
        work.add("wrong", lambda: lambda: 2)
        work.same_result()
    """)

    run = measured_by_engine(suite, processes=1, rounds=1)

    assert run.entry("crash")["error"] == "ended with exit code 4"
    assert "different answer from right" in run.entry("wrong")["error"]
    assert run.entry("right")["median"] > 0


def test_a_worker_that_dies_midway_takes_back_its_samples(declared, measured_by_engine):
    suite = declared("""
        work = suite.comparison("work")

        def late():
            calls = []

            def call():
                calls.append(None)
                time.sleep(0.006)
                if len(calls) > 25:
                    os._exit(5)
            return call

        work.add("good", lambda: lambda: time.sleep(0.001))
        work.add("late", late)
    """)

    run = measured_by_engine(suite, processes=1, rounds=40)

    (groups,) = [row.series["wall"] for row in run.measured.of("work") if row.contender == "good"]
    assert run.entry("late")["error"] == "ended with exit code 5"
    assert [len(group) for group in groups] == [40]


THREE = """
    micro = suite.comparison("micro")
    runs = suite.comparison("runs", kind="run")
    for name in "abc":
        micro.add(name, lambda: lambda: sum(range(100)))
        runs.add(name, lambda: lambda: 1)
"""


def orders(run):
    rounds = [(event["process"], event["order"]) for event in run.of("round")]
    samples = [event["contender"] for event in run.of("sample")]
    return rounds, samples


@pytest.fixture(scope="module")
def three_seeds(declared, measured_by_engine):
    suite = declared(THREE)
    return [
        orders(measured_by_engine(suite, processes=1, rounds=2, seed=seed)) for seed in (5, 5, 6)
    ]


def test_one_seed_gives_one_order(three_seeds):
    first, again, _ = three_seeds

    assert first == again


def test_another_seed_gives_another_order(three_seeds):
    first, _, other = three_seeds

    assert first != other


VALUES = """
    size = suite.comparison("size", unit="bytes", kind="value", sizes={"n": [10, 20]})
    size.add("plain", lambda n: lambda: n, baseline=True)
    size.add("packed", lambda n: lambda: n / 2)
    share = suite.comparison("share", unit="", kind="value")
    share.add("coin", lambda: lambda: Estimate(0.5, 0.4, 0.6, 100))
    suite.claim("packing halves", ratio("size", "packed", "plain") <= 0.5)
    suite.claim("packing is free", ratio("size", "packed", "plain") <= 0.1)
    suite.claim("a coin is fair", value("share", "coin") >= 0.5)
    suite.claim("size is linear", growth("size", "plain", over="n").equals(1))
    suite.claim("twice is double", across("size", "plain", first={"n": 20}, second={"n": 10}) >= 2)
    suite.claim("never measured", ratio("size", "nobody", "plain") >= 1)
    suite.claim("elsewhere", value("nowhere", "x") >= 1)
"""


@pytest.fixture(scope="module")
def valued(declared, measured_by_engine):
    return measured_by_engine(declared(VALUES), second_look=True)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("packing halves", "HOLDS"),
        ("packing is free", "FAILS"),
        ("a coin is fair", "INCONCLUSIVE"),
        ("size is linear", "HOLDS"),
        ("twice is double", "HOLDS"),
        ("never measured", "INCONCLUSIVE"),
    ],
)
def test_claims_are_judged_by_what_was_measured(valued, text, verdict):
    verdicts = {claim["text"]: claim["verdict"] for claim in valued.results["claims"]}

    assert verdicts[text] == verdict


def test_a_claim_about_a_comparison_that_did_not_run_is_left_out(valued):
    assert "elsewhere" not in [claim["text"] for claim in valued.results["claims"]]


def test_only_open_and_failed_claims_get_a_second_look(valued):
    looked = [event["text"] for event in valued.of("second_look")]

    assert looked == ["packing is free", "a coin is fair"]


def test_a_claim_about_an_unknown_contender_says_what_is_missing(valued):
    (claim,) = [c for c in valued.results["claims"] if c["text"] == "never measured"]

    assert claim["reason"] == "nobody in size was not measured in this run"


def test_an_estimate_keeps_its_own_interval(valued):
    entry = valued.entry("coin")

    assert (entry["median"], entry["lo"], entry["hi"], entry["n"]) == (0.5, 0.4, 0.6, 100)


def test_a_run_can_be_narrowed_to_one_comparison(declared, measured_by_engine):
    run = measured_by_engine(declared(VALUES), filter="share")

    assert {entry["bench"] for entry in run.results["results"]} == {"share"}
    assert [claim["text"] for claim in run.results["claims"]] == ["a coin is fair"]


def test_a_run_of_chosen_contenders_judges_no_claim(declared, measured_by_engine):
    run = measured_by_engine(declared(VALUES), contenders=("plain",), filter="size")

    assert {entry["contender"] for entry in run.results["results"]} == {"plain"}
    assert run.results["claims"] == []


def test_a_run_for_its_claims_leaves_out_what_no_claim_needs(declared, measured_by_engine):
    suite = declared("""
        for name in ("needed", "other"):
            suite.comparison(name, kind="value").add("a", lambda: lambda: 1)
        suite.claim("one", value("needed", "a") >= 1)
    """)

    run = measured_by_engine(suite, only_claims=True)

    assert {entry["bench"] for entry in run.results["results"]} == {"needed"}


@pytest.fixture(scope="module")
def capped(declared, measured_by_engine):
    suite = declared("""
        work = suite.comparison("work", unit="", kind="value", sizes={"n": [1, 10]})
        work.add("slow", lambda n: lambda: 4 * n, when=lambda n: n < 10)
        work.add("fast", lambda n: lambda: 2 * n)
        suite.claim("half", ratio("work", "slow", "fast") >= 1.5)
        suite.claim("far", ratio("work", "slow", "fast") >= 100)
    """)
    return measured_by_engine(suite, second_look=True)


def test_a_ratio_without_a_size_is_taken_at_the_last_size_of_both(capped):
    (claim,) = [claim for claim in capped.results["claims"] if claim["text"] == "half"]

    assert claim["parts"][0]["value"] == 2.0


def test_a_second_look_measures_the_size_that_the_claim_means(capped):
    (claim,) = [claim for claim in capped.results["claims"] if claim["text"] == "far"]

    assert claim["verdict"] == "FAILS"


def narrow(declared, names, figures, drift=1.0):
    """Whether a run of b and others may stop; b drifts over three processes."""
    suite = declared("""
        work = suite.comparison("work")
        for name in "abc":
            work.add(name, lambda: lambda: 1)
    """)
    engine, work = Engine(suite, Options()), suite.comparisons["work"]
    for name in "abc":
        for process in range(3):
            taken = figures * (drift**process if name == "b" else 1.0)
            engine.measured.row("work", name, {}).add("cpu", process, taken)
    return engine._narrow(engine.measured, work, {}, names)


def test_a_run_stops_early_when_every_ratio_is_known_narrowly(declared):
    assert narrow(declared, ["a", "b", "c"], 2.0, drift=1.001)


@pytest.mark.parametrize("names", [["b", "c"], ["a", "b"]])
def test_a_run_goes_on_while_a_ratio_is_wide_or_has_no_baseline(declared, names):
    assert not narrow(declared, names, 2.0, drift=1.5)


def test_a_clock_that_stood_still_does_not_stop_the_run(declared):
    assert not narrow(declared, ["a", "b"], 0.0)


METRICS = """
    counted = suite.comparison("counted", metrics={"hits": "hits"})

    def cache():
        yield Timed(lambda: 1, metrics=lambda: {"hits": 9})

    counted.add("cache", cache)
    pool = suite.comparison(
        "pool", kind="run", metrics={"p99": "ms"}, floor=True, alloc=True, tree=True
    )
    extrapolated = Outcome({"p99": 5.0}, seconds=100.0, measured_n=10)
    pool.add("workers", lambda: lambda: {"p99": 3.0})
    pool.add("extrapolated", lambda: lambda: extrapolated)
    programs = suite.comparison("programs", kind="run")
    programs.add("true", lambda: Command([sys.executable, "-c", "pass"]))
    programs.add("large", lambda: Command([sys.executable, "-c", "b'x' * 100_000_000"]))
    programs.add("false", lambda: Command([sys.executable, "-c", "raise SystemExit('no')"]))
"""


@pytest.fixture(scope="module")
def with_metrics(declared, measured_by_engine):
    return measured_by_engine(declared(METRICS), processes=2, rounds=1)


@pytest.mark.parametrize(
    ("contender", "metric", "figure"),
    [("cache", "hits", 9), ("workers", "p99", 3), ("extrapolated", "time", 100)],
)
def test_figures_that_contenders_return_are_stored(with_metrics, contender, metric, figure):
    assert with_metrics.entry(contender, metric)["median"] == figure


def test_an_extrapolated_row_is_marked_with_what_was_measured(with_metrics):
    entry = with_metrics.entry("extrapolated", "time")

    assert (entry["extrapolated"], entry["measured_n"]) == (True, 10)


@pytest.mark.parametrize("metric", ["peak_mb", "delta_mb", "alloc_mb", "tree_mb"])
def test_memory_is_a_figure_of_its_own(with_metrics, metric):
    assert with_metrics.entry("workers", metric)["unit"] == "MB"


def test_a_program_is_a_contender(with_metrics):
    assert with_metrics.entry("true")["median"] > 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no peak of an ended process")
def test_the_peak_of_a_program_is_its_own(with_metrics):
    small, large = (with_metrics.entry(name, "peak_mb")["median"] for name in ("true", "large"))

    assert 4 < small < 30
    assert 90 < large - small < 110


def test_a_program_that_fails_is_a_row_with_its_last_words(with_metrics):
    error = with_metrics.entry("false")["error"]

    assert error.endswith("ended with 1: no")


class FakeMeasurer:
    """Stands in for the engine's measuring: gives each look the next figure."""

    def __init__(self, *figures):
        self.figures = list(figures)
        self.factors = []

    def __call__(self, into, comparison, size, names, factor):
        self.factors.append(factor)
        figure = self.figures.pop(0)
        for name in names:
            for process, wobble in enumerate((0.99, 1.0, 1.01)):
                taken = figure * wobble if name == "b" else 1.0
                into.row(comparison.name, name, size).add("cpu", process, taken)
        into.spins.setdefault(comparison.name, []).append(0.002)
        yield {"event": "round"}


@pytest.fixture
def judged(declared):
    """Judge a claim of a over b on a first and a second measurement."""

    def judge(claim, *figures, spins=(), **options):
        suite = declared(f"""
            work = suite.comparison("work")
            work.add("a", lambda: lambda: 1)
            work.add("b", lambda: lambda: 1)
            {claim}
        """)
        measured, measurer = Measured(suite), FakeMeasurer(*figures)
        measured.spins["work"] = list(spins)
        list(measurer(measured, suite.comparisons["work"], {}, ["a", "b"], 1))
        judging = Judge(suite, Options(**options), measured, measurer).judge(suite.claims[0])
        while True:
            try:
                next(judging)
            except StopIteration as end:
                return end.value[0], measurer.factors

    return judge


TWICE = 'suite.claim("twice", speedup("work", "a", "b") >= 2)'


@pytest.mark.parametrize(
    ("figures", "options", "verdict", "factors"),
    [
        pytest.param((3.0,), {}, "HOLDS", [1], id="what holds is not measured again"),
        pytest.param(
            (1.5, 3.0), {}, "HOLDS", [1, 3], id="what failed is, with three times as much"
        ),
        pytest.param((1.5, 1.4), {}, "FAILS", [1, 3], id="what fails twice fails"),
        pytest.param((1.5,), {"second_look": False}, "FAILS", [1], id="the first look may count"),
    ],
)
def test_a_claim_is_judged_at_its_first_or_second_look(judged, figures, options, verdict, factors):
    found, measured = judged(TWICE, *figures, **options)

    assert (found.verdict.value, measured) == (verdict, factors)


BUSY = [0.002, 0.002, 0.009, 0.009]


@pytest.mark.parametrize(
    ("needs", "spins", "figure", "verdict", "reason"),
    [
        ("cores>=10000", [], 1.5, "INCONCLUSIVE", "needs cores >= 10000"),
        ("calm", BUSY, 1.5, "INCONCLUSIVE", "the machine is busy (noise 4.5x)"),
        ("calm", BUSY, 3.0, "HOLDS", ""),
    ],
)
def test_a_missing_precondition_opens_what_does_not_hold_and_nothing_is_repeated(
    judged, needs, spins, figure, verdict, reason
):
    found, factors = judged(f'{TWICE[:-1]}, needs="{needs}")', figure, spins=spins)

    assert (found.verdict.value, factors) == (verdict, [1])
    assert found.reason.startswith(reason)


def test_one_spin_is_no_noise():
    assert noise_index([0.002]) == 1.0


def test_stolen_ticks_are_those_between_start_and_end(declared):
    measured = Measured(declared(""))
    measured.spins["work"] = [0.002, 0.004]

    found = noise(measured, {"load": 1.0, "steal": 5}, {"load": 2.0, "steal": 9})

    assert (found["steal_ticks"], found["load_after"], found["spin_ms"]) == (4, 2.0, 3.0)


def test_a_system_without_stolen_ticks_has_none(declared):
    found = noise(Measured(declared("")), {"load": None, "steal": None}, {"load": 1, "steal": 1})

    assert (found["steal_ticks"], found["spin_ms"]) == (None, None)
