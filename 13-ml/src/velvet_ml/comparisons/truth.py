"""Is it real: leaks, exports that answer otherwise, and files that run code."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from velvet.bench import Metric, Suite, mode, value
from velvet_ml import artifacts, lab, leakage
from velvet_ml.errors import MlError
from velvet_ml.samples import dangerous_pickle, demo


def _leak(side: str, leak: str) -> Callable[[], dict[str, float]]:
    def run() -> dict[str, float]:
        seeds = range(1 if mode() == "quick" else 3)
        scores = [getattr(leakage.LEAKS[leak](seed), side) for seed in seeds]
        return {"score": float(np.mean(scores))}

    return run


def _exported(name: str, shape: str) -> Callable[[], dict[str, Any]]:
    def run() -> dict[str, Any]:
        report = lab.exported(name, shape, rows=20_000)
        return {
            "flipped": report.flipped / report.rows * 100,
            "over": report.share_over * 100,
            "largest": report.max_dp,
            "gate": "opens" if report.passes else "refuses",
        }

    return run


def _artefact(form: str) -> Callable[[], dict[str, Any]]:
    def run() -> dict[str, Any]:
        import pickle

        import joblib
        from skops import io as skops_io

        from velvet_ml import parity

        trained = demo.small_run("forest", rows=3_000)
        makers: dict[str, Callable[[Path], bytes]] = {
            "pickle": lambda _: pickle.dumps(trained.model),
            "joblib": lambda path: bytes(_joblib(joblib, trained.model, path)),
            "skops": lambda _: skops_io.dumps(trained.model),
            "onnx": lambda _: parity.to_graph(trained.model, trained.contract),
        }
        with tempfile.TemporaryDirectory() as folder:
            content = makers[form](Path(folder) / "model")
            return {"kb": len(content) / 1e3, "hostile": _hostile(form), "ours": _ours(content)}

    return run


def _joblib(joblib: Any, model: Any, path: Path) -> bytes:
    joblib.dump(model, path)
    return path.read_bytes()


def _ours(content: bytes) -> str:
    try:
        artifacts.loads(content)
    except MlError:
        return "refused"
    return "loaded"


def _hostile(form: str) -> str:
    """Load our harmless marker its usual way, and see whether it ran."""
    import pickle

    import joblib
    import onnx
    from skops import io as skops_io

    with tempfile.TemporaryDirectory() as folder:
        content, marker = dangerous_pickle.make(Path(folder))
        path = Path(folder) / "model"
        path.write_bytes(content)
        loaders: dict[str, Callable[[], Any]] = {
            "pickle": lambda: pickle.loads(content),  # noqa: S301 - the demonstration
            "joblib": lambda: joblib.load(path),
            "skops": lambda: skops_io.loads(content),
            "onnx": lambda: onnx.load_model_from_string(content),
        }
        try:
            loaders[form]()
        except Exception:  # noqa: BLE001 - each library refuses with an error of its own
            return "refused"
        return "ran code" if marker.exists() else "nothing ran"


def _kills() -> dict[str, float]:
    rounds = 2 if mode() == "quick" else 12
    left = []
    for number in range(rounds):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            left.append(lab.kill_writer(Path(folder), demo.NAME, demo.KEY, after=1 + 3 * number))
    return {
        "problems": sum(len(one.problems) for one in left),
        "acknowledged": sum(one.acknowledged for one in left),
        "orphans": sum(one.collected for one in left),
        "kills": rounds,
    }


def _add_leaks(suite: Suite) -> None:
    leaks = suite.comparison(
        "leakage",
        title="Scores with and without a leak (accuracy; R2 for time)",
        kind="value",
        unit="score",
        sizes={"leak": list(leakage.LEAKS)},
        metrics={"score": Metric("score", "higher")},
    )
    for side in ("leaky", "honest"):
        leaks.add(side, partial(_leak, side))
    for leak in ("selection", "encoding", "group"):
        suite.claim(
            f"{leak}: the leak scores at least 0.15 more than the truth",
            value("leakage", "leaky", leak=leak) - value("leakage", "honest", leak=leak) >= 0.15,
        )
    suite.claim(
        "time: shuffled folds look perfect where a forecast is worse than the mean",
        (value("leakage", "leaky", leak="time") >= 0.9)
        & (value("leakage", "honest", leak="time") <= 0.2),
    )


def _add_float32(suite: Suite) -> None:
    trap = suite.comparison(
        "float32_trap",
        title="Rows that an exported graph labels otherwise, of 20,000",
        kind="value",
        unit="%",
        limit=300,
        sizes={"shape": list(lab.SHAPES)},
        quick=lambda shape: shape != "rounded",
        metrics={
            "flipped": Metric("%"),
            "over": Metric("%"),
            "largest": Metric("probability"),
            "gate": Metric("label"),
        },
    )
    for name in lab.EXPORTS:
        trap.add(name, partial(_exported, name))
    for name in ("logreg", "forest", "boosting"):
        suite.claim(
            f"plain data, {name}: the graph answers as the pipeline, to 1e-5",
            value("float32_trap", name, "largest", shape="plain") <= 1e-5,
        )
    suite.claim(
        "a column shifted by 10,000,000 flips at least 1 % of the labels of boosting",
        value("float32_trap", "boosting", "flipped", shape="shifted") >= 1,
    )
    suite.claim(
        "rounded data, a scaler before boosting: rows differ that do not without the scaler",
        (value("float32_trap", "scaled_boosting", "over", shape="rounded") >= 0.5)
        & (value("float32_trap", "boosting", "over", shape="rounded") <= 0.01),
        tier="default",
    )


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    _add_leaks(suite)
    _add_float32(suite)
    files = suite.comparison(
        "artefacts",
        title="A forest as a file, and what a hostile file does when it is loaded",
        kind="value",
        unit="kB",
        metrics={"kb": "kB", "hostile": Metric("label"), "ours": Metric("label")},
    )
    for form in ("pickle", "joblib", "skops", "onnx"):
        files.add(form, partial(_artefact, form))
    suite.claim(
        "the graph of a forest is smaller than its skops archive",
        value("artefacts", "skops", "kb") - value("artefacts", "onnx", "kb") >= 0,
    )
    killed = suite.comparison(
        "killed_writer",
        title="A writer of the registry killed with kill -9",
        kind="value",
        unit="problems",
        limit=300,
        metrics={
            "problems": "problems",
            "acknowledged": Metric("versions", "higher"),
            "orphans": "files",
            "kills": Metric("kills", "higher"),
        },
    )
    killed.add("registry", lambda: _kills)
    suite.claim(
        "kill -9: no version is lost, nothing is half written, the log is whole",
        value("killed_writer", "registry", "problems").equals(0),
    )
