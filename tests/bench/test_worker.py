"""What a measure file may declare, and what a worker says about it."""

from __future__ import annotations

import gc
import json
import os
import sys
import tempfile
import tracemalloc
from array import array

import pytest

from velvet.bench import worker
from velvet.bench.model import Command, Metric, mode, size_key
from velvet.bench.programs import peak, runner
from velvet.bench.suite import Suite


@pytest.fixture
def comparison(declared):
    """Declare one comparison called `work`, as a suite has it after loading."""
    return lambda body: declared(body).comparisons["work"]


@pytest.fixture
def heard():
    return []


@pytest.fixture
def unfrozen():
    """Put the garbage collector back after a worker's part ran in this process."""
    yield
    gc.unfreeze()
    gc.enable()


def names(comparison):
    return list(comparison.contenders)


def kinds(heard):
    return [event["event"] for event in heard]


REQUEST = {"rounds": 2, "seed": 1, "budget": 10.0}


@pytest.fixture
def tiny_rounds(monkeypatch):
    monkeypatch.setattr("velvet.bench.rounds.ROUND_NS", 1000)


@pytest.mark.usefixtures("unfrozen", "tiny_rounds")
def test_micro_contenders_are_readied_then_timed_in_rounds(comparison, heard):
    work = comparison("""
        work = suite.comparison("work", gc="off")
        work.add("a", lambda: lambda: 1)
        work.add("b", lambda: lambda: 2)
    """)

    worker.micro(work, {}, names(work), heard.append, REQUEST)

    told = [event for event in heard if event["event"] != "turn"]
    assert kinds(told) == ["ready", "ready", "round", "round"]
    assert sorted(told[-1]["wall"]) == ["a", "b"]


@pytest.mark.usefixtures("unfrozen", "tiny_rounds")
def test_micro_contenders_that_fail_are_told_apart_from_the_others(comparison, heard):
    work = comparison("""
        work = suite.comparison("work")

        def fails_late():
            calls = iter(range(60))
            def call():
                time.sleep(0.00001)
                next(calls)
            return call

        def fails_at_the_end():
            yield lambda: 1
            raise ValueError("cannot clean up")

        def counts():
            yield Timed(lambda: 1, metrics=lambda: {"hits": 3})

        work.add("setup", lambda: 1 / 0)
        work.add("late", fails_late)
        work.add("end", fails_at_the_end)
        work.add("counts", counts)
    """)

    worker.micro(work, {}, names(work), heard.append, {**REQUEST, "rounds": 100})

    errors = {event["contender"]: event["error"] for event in heard if event["event"] == "error"}
    (metrics,) = [event["metrics"] for event in heard if event["event"] == "metrics"]
    assert errors == {
        "setup": "ZeroDivisionError: division by zero",
        "late": "StopIteration: ",
        "end": "ValueError: cannot clean up",
    }
    assert metrics == {"hits": 3.0}


CHECKED = """
    work = suite.comparison("work", metrics={"p99": "ms"})

    async def coroutine():
        return 6

    def cleaned():
        yield lambda: 6
        events.append("cleaned")

    events = []
    work.add("first", lambda: lambda: 6)
    work.add("base", lambda: lambda: 6, baseline=True)
    work.add("prepared", lambda: Timed(lambda items: sum(items), prepare=lambda: [1, 2, 3]))
    work.add("coroutine", lambda: coroutine)
    work.add("outcome", lambda: lambda: Outcome({"p99": 1.0}, result=6))
    work.add("cleaned", cleaned)
    work.add("wrong", lambda: lambda: list(range(100)))
"""


def test_answers_are_compared_with_that_of_the_baseline(comparison, heard):
    work = comparison(CHECKED)
    work.same_result()

    worker.check(work, {}, names(work), heard.append, 1)

    (refused,) = [event for event in heard if event["event"] == "refused"]
    assert heard[0]["contender"] == "base"
    assert refused["contender"] == "wrong"
    assert refused["error"].endswith("... instead of 6")


def test_answers_may_be_compared_by_a_rule_of_ones_own(comparison, heard):
    work = comparison(CHECKED)
    work.same_result(lambda a, b: True, types="any answer will do here")

    worker.check(work, {}, names(work), heard.append, 1)

    assert "refused" not in kinds(heard)


def test_an_answer_may_be_checked_by_itself(comparison, heard):
    work = comparison(CHECKED)
    work.check(lambda result: result == 6)

    worker.check(work, {}, names(work), heard.append, 1)

    (refused,) = [event for event in heard if event["event"] == "refused"]
    assert refused["error"].startswith("ValueError: the check refused its result [0, 1,")


def test_a_set_up_is_cleaned_even_where_its_answer_is_refused(comparison, heard):
    work = comparison(CHECKED)
    work.check(lambda result: False)

    worker.check(work, {}, ["cleaned"], heard.append, 1)

    made = work.contenders["cleaned"].setup.__globals__
    assert made["events"] == ["cleaned"]


class Answers:
    """Equal element by element, as arrays are."""

    def __init__(self, *items):
        self.items = items

    def __eq__(self, other):
        return Answers(*(a == b for a, b in zip(self.items, other.items, strict=True)))

    __hash__ = None

    def all(self):
        return all(self.items)


@pytest.mark.parametrize(("second", "same"), [(Answers(1, 2), True), (Answers(1, 3), False)])
def test_arrays_are_equal_when_all_their_elements_are(second, same):
    work = Suite("sample", __file__).comparison("work")
    work.same_result()

    assert work.same(Answers(1, 2), second) is same


RUNS = """
    work = suite.comparison("work", kind="run", metrics={"p99": "ms"})
    events = []

    async def coroutine():
        return {"p99": 2.0, "other": "no metric"}

    def cleaned():
        yield Timed(lambda: 1, metrics=lambda: {"p99": 4.0})
        events.append("cleaned")

    work.add("plain", lambda: lambda: 7)
    work.add("coroutine", lambda: coroutine)
    work.add("prepared", lambda: Timed(lambda items: 1, prepare=lambda: [1]))
    work.add("cleaned", cleaned)
    work.add("outcome", lambda: lambda: Outcome({"p99": 9.0}, seconds=50.0, measured_n=3))
    work.add("infinite", lambda: lambda: {"p99": float("inf")})
    work.add("worded", lambda: lambda: {"p99": None})
"""


@pytest.mark.parametrize(
    ("contender", "metrics"),
    [
        ("plain", {}),
        ("prepared", {}),
        ("coroutine", {"p99": 2.0}),
        ("cleaned", {"p99": 4.0}),
        ("outcome", {"p99": 9.0}),
    ],
)
def test_one_call_gives_one_sample_with_its_metrics(comparison, heard, contender, metrics):
    worker.run(comparison(RUNS), {}, contender, heard.append, {**REQUEST, "what": "run"})

    assert kinds(heard) == ["sample"]
    assert heard[-1]["metrics"] == metrics
    assert heard[-1]["peak_mb"] > 0


def test_an_outcome_may_replace_the_time(comparison, heard):
    worker.run(comparison(RUNS), {}, "outcome", heard.append, {**REQUEST, "what": "run"})

    assert (heard[-1]["wall"], heard[-1]["measured_n"]) == (50.0, 3)


def test_a_floor_only_sets_up(comparison, heard):
    worker.run(comparison(RUNS), {}, "plain", heard.append, {**REQUEST, "what": "floor"})

    assert "wall" not in heard[-1]
    assert heard[-1]["peak_mb"] > 0


@pytest.mark.skipif(tracemalloc.is_tracing(), reason="another tool traces allocations")
def test_allocations_are_traced_when_asked(comparison, heard):
    body = """
        work = suite.comparison("work", kind="run")
        work.add("block", lambda: lambda: len(bytearray(10 * 2**20)))
    """
    try:
        worker.run(comparison(body), {}, "block", heard.append, {**REQUEST, "what": "alloc"})
    finally:
        tracemalloc.stop()

    assert 10 <= heard[-1]["alloc_mb"] < 12


@pytest.mark.parametrize(("contender", "error"), [("infinite", ValueError), ("worded", TypeError)])
def test_a_metric_is_a_finite_number(comparison, heard, contender, error):
    with pytest.raises(error):
        worker.run(comparison(RUNS), {}, contender, heard.append, {**REQUEST, "what": "run"})


def test_a_run_with_a_wrong_answer_gives_no_sample(comparison, heard):
    work = comparison(RUNS)
    work.check(lambda result: result == 8)

    with pytest.raises(ValueError, match="the check refused its result 7"):
        worker.run(work, {}, "plain", heard.append, {**REQUEST, "what": "run"})

    assert kinds(heard) == []


VALUED = """
    work = suite.comparison("work", kind="value", metrics={"bytes": "B", "share": ""})

    def cleaned():
        yield lambda: 4
        events.append("cleaned")

    events = []
    work.add("number", lambda: lambda: 12)
    work.add("several", lambda: lambda: {"bytes": 3, "share": Estimate(0.5, 0.4, 0.6, 9)})
    work.add("outcome", lambda: lambda: Outcome({"bytes": 8}))
    work.add("cleaned", cleaned)
"""


@pytest.mark.parametrize(
    ("contender", "figures"),
    [
        ("number", {"bytes": [12.0, None, None, 1]}),
        ("several", {"bytes": [3.0, None, None, 1], "share": [0.5, 0.4, 0.6, 9]}),
        ("outcome", {"bytes": [8.0, None, None, 1]}),
        ("cleaned", {"bytes": [4.0, None, None, 1]}),
    ],
)
def test_deterministic_figures_are_measured_once(comparison, heard, contender, figures):
    worker.values(comparison(VALUED), {}, contender, heard.append, 1)

    assert heard[-1]["values"] == figures


@pytest.fixture
def served(monkeypatch):
    """Run a worker's whole service in this process; returns what it said on its channel."""

    def serve(file, what, contenders):
        request = {
            **REQUEST,
            "file": str(file),
            "bench": "work",
            "size": 0,
            "contenders": contenders,
            "what": what,
        }
        monkeypatch.setattr(sys, "argv", ["worker", json.dumps(request)])
        kept = os.dup(1)
        with tempfile.TemporaryFile() as channel:
            os.dup2(channel.fileno(), 1)
            try:
                worker.main()
            finally:
                os.dup2(kept, 1)
                os.close(kept)
                gc.unfreeze()
            channel.seek(0)
            return [json.loads(line) for line in channel.read().splitlines()]

    return serve


SERVED = {
    "micro": ("micro", "round"),
    "run": ("run", "sample"),
    "floor": ("run", "sample"),
    "value": ("value", "values"),
    "check": ("micro", "refused"),
}


@pytest.mark.usefixtures("tiny_rounds")
@pytest.mark.parametrize("what", SERVED)
def test_a_worker_serves_what_it_is_asked_for_and_says_the_end(measure_file, served, what):
    kind, expected = SERVED[what]
    file = measure_file(f"""
        work = suite.comparison("work", kind="{kind}", unit="ms")
        work.add("a", lambda: lambda: print("not on the channel") or 1)
        work.add("b", lambda: lambda: 2)
        work.same_result()
    """)

    heard = served(file, what, ["b", "a"])

    assert expected in kinds(heard)
    assert heard[-1] == {"event": "end"}


def test_a_worker_goes_on_after_a_failure(measure_file, served):
    file = measure_file("""
        work = suite.comparison("work", kind="run")
        work.add("bad", lambda: lambda: 1 / 0)
        work.add("good", lambda: lambda: 1)
    """)

    heard = served(file, "run", ["bad", "good"])

    assert kinds(heard) == ["turn", "error", "turn", "sample", "end"]


def test_a_file_without_a_suite_is_refused(tmp_path):
    file = tmp_path / "measure.py"
    file.write_text("answer = 42\n", encoding="utf-8")

    with pytest.raises(ValueError, match="declares no Suite"):
        worker.load_suite(file)


def test_an_error_of_many_lines_is_said_in_one(heard):
    with worker.turn(heard.append, "a"):
        raise ValueError("first\nsecond" + "x" * 1000)

    assert heard[-1]["error"] == "ValueError: first"


def test_a_suite_knows_the_file_that_declares_it():
    assert Suite("sample", __file__).file.name == "test_worker.py"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "macro"}, "kind must be one of micro, run, value, not 'macro'"),
        ({"sizes": {"n": []}}, "an axis of its sizes has no values"),
        ({"metrics": {"ops": "x", "p99": "ms"}}, "ops is measured by the harness"),
    ],
)
def test_a_comparison_that_cannot_be_measured_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Suite("sample", __file__).comparison("work", **options)


def test_a_comparison_is_declared_once():
    suite = Suite("sample", __file__)
    suite.comparison("work")

    with pytest.raises(ValueError, match="'work' is declared twice"):
        suite.comparison("work")


@pytest.mark.parametrize("name", ["", "taken"])
def test_a_contender_needs_a_name_of_its_own(name):
    work = Suite("sample", __file__).comparison("work")
    work.add("taken", print)

    with pytest.raises(ValueError, match="is empty or declared twice"):
        work.add(name, print)


def test_there_is_one_baseline():
    work = Suite("sample", __file__).comparison("work")
    work.add("a", print, baseline=True)

    with pytest.raises(ValueError, match="'b' is the second"):
        work.add("b", print, baseline=True)


def test_without_a_baseline_the_first_contender_is_it():
    work = Suite("sample", __file__).comparison("work")
    before = work.baseline
    work.add("a", print)
    work.add("b", print)

    assert (before, work.baseline) == (None, "a")


def test_sizes_are_the_product_of_their_axes():
    work = Suite("sample", __file__).comparison("work", sizes={"n": [1, 2], "k": ["a", "b"]})

    assert [size_key(size) for size in work.sizes] == ["n=1,k=a", "n=1,k=b", "n=2,k=a", "n=2,k=b"]


def test_sizes_may_be_listed():
    assert Suite("sample", __file__).comparison("work", sizes=[{"n": 1}, {"k": 2}]).sizes[1] == {
        "k": 2
    }


@pytest.mark.parametrize(
    ("tier", "options", "sizes"),
    [
        ("quick", {}, 2),
        ("quick", {"quick": lambda n: n < 2}, 1),
        ("default", {"quick": lambda n: n < 2}, 2),
        ("default", {"tier": "full"}, 0),
        ("full", {"tier": "full"}, 2),
    ],
)
def test_a_tier_measures_the_sizes_meant_for_it(tier, options, sizes):
    work = Suite("sample", __file__).comparison("work", sizes={"n": [1, 2]}, **options)

    assert len(work.in_tier(tier)) == sizes


@pytest.mark.parametrize(
    ("options", "metric", "figure"),
    [
        ({"unit": "ops/s"}, "ops", 4.0),
        ({"unit": "ops/s", "items": lambda n: n}, "ops", 40.0),
        ({"unit": "ms"}, "time", 250.0),
        ({"unit": "us", "items": 10}, "time", 25_000.0),
        ({"unit": "bytes", "kind": "value"}, "value", 0.25),
        ({"unit": "ops/s", "kind": "run", "metrics": {"rate": "ops/s"}}, "rate", 0.25),
    ],
)
def test_seconds_become_the_unit_of_the_comparison(options, metric, figure):
    work = Suite("sample", __file__).comparison("work", sizes={"n": [10]}, **options)

    assert work.main_metric == metric
    assert work.from_seconds(0.25, {"n": 10}) == pytest.approx(figure)


@pytest.mark.parametrize(
    ("name", "unit", "better"),
    [
        ("rate", "rows/s", "higher"),
        ("hits", "", "higher"),
        ("time", "ms", "lower"),
        ("peak_mb", "MB", "lower"),
        ("cpu", "s", "lower"),
        ("unheard", "", "lower"),
    ],
)
def test_a_metric_knows_its_unit_and_its_better_direction(name, unit, better):
    metrics = {"rate": "rows/s", "hits": Metric("", "higher")}
    work = Suite("sample", __file__).comparison("work", unit="ms", metrics=metrics)

    assert work.metric(name) == Metric(unit, better)


def test_published_figures_must_name_what_is_measured():
    suite = Suite("sample", __file__)

    with pytest.raises(ValueError, match="published figure for unknown work/a"):
        suite.published("work", {("a", "ops"): 1}, source="a table")


def test_published_figures_keep_their_source():
    suite = Suite("sample", __file__)
    suite.comparison("work").add("a", print)

    suite.published("work", {("a", "ops"): 12}, source="a table", size={"n": 5})

    (figure,) = suite.figures
    assert (figure.value, figure.source, figure.size) == (12.0, "a table", {"n": 5})


@pytest.mark.parametrize(("set_to", "found"), [("full", "full"), ("odd", "default")])
def test_a_set_up_can_ask_for_the_tier(monkeypatch, set_to, found):
    monkeypatch.setenv("VELVET_BENCH_MODE", set_to)

    assert mode() == found


def test_a_program_is_fed_and_its_output_returned(tmp_path):
    script = "import os, sys; print(os.environ['WORD'] + sys.stdin.read() + os.getcwd()[-3:])"
    folder = tmp_path / "end"
    folder.mkdir()
    command = Command(
        [sys.executable, "-c", script], env={"WORD": "a"}, cwd=str(folder), stdin=b"b"
    )

    assert runner(command)().split() == [b"abend"]


def test_a_variable_can_be_taken_from_a_programs_environment(monkeypatch):
    monkeypatch.setenv("WORD", "a")
    command = Command(
        [sys.executable, "-c", "import os; print('WORD' in os.environ)"], env={"WORD": None}
    )

    assert runner(command)().split() == [b"False"]


def test_no_peak_is_told_where_the_system_keeps_none(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")

    assert peak(Command([sys.executable, "-c", "pass"])) == {}


def test_an_exit_code_may_count_as_success():
    command = Command([sys.executable, "-c", "raise SystemExit(3)"], ok=(0, 3))

    assert runner(command)() == b""


def test_a_program_that_is_not_there_is_said():
    with pytest.raises(FileNotFoundError):
        runner(Command(["no-such-program-anywhere"]))()


def test_a_silent_failure_of_a_program_has_its_exit_code():
    with pytest.raises(RuntimeError, match=r"ended with 3: $"):
        runner(Command([sys.executable, "-c", "raise SystemExit(3)"]))()


class Typed:
    """Stands in for an array or a table: what it holds has a type of its own."""

    def __init__(self, **types):
        self.__dict__.update(types)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (1, "int"),
        (True, "bool"),
        ([1, 2.0], "list[float, int]"),
        ([], "list[]"),
        ({"a": [1]}, "dict[str: list[int]]"),
        (((1, "a"),), "tuple[tuple[int, str]]"),
        (frozenset({1.5}), "frozenset[float]"),
        (array("f", [1]), "array[f]"),
        (Typed(dtype="float32"), "Typed[float32]"),
        (Typed(dtypes=["int64", "object"]), "Typed[int64, object]"),
    ],
)
def test_the_kind_of_a_result_names_the_types_inside_it(value, kind):
    assert worker.kind_of(value) == kind


def test_equal_answers_of_other_types_are_refused_unless_there_is_a_reason(comparison, heard):
    work = comparison("""
        work = suite.comparison("work")
        work.add("whole", lambda: lambda: 1)
        work.add("float", lambda: lambda: 1.0)
    """)
    work.same_result()
    refused = worker.check(work, {}, names(work), heard.append, 1)
    work.same_result(types="a library that only knows floats")

    accepted = worker.check(work, {}, names(work), heard.append, 1)

    assert (refused, accepted) == (["whole"], ["whole", "float"])


def test_words_are_figures_of_their_own(comparison, heard):
    work = comparison("""
        work = suite.comparison("work", kind="value", unit="label", metrics={"verdict": "label"})
        work.add("safe", lambda: lambda: "refused")
        work.add("odd", lambda: lambda: 3)
    """)

    worker.values(work, {}, "safe", heard.append, 1)

    assert heard[-1]["labels"] == {"verdict": "refused"}
    with pytest.raises(TypeError, match="a word and no number"):
        worker.values(work, {}, "odd", heard.append, 1)
