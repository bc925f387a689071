"""Basic examples: scores that are not real, a registry, and a file that runs code."""

from __future__ import annotations

import pickle
import tempfile
from functools import partial
from pathlib import Path

import joblib
import numpy as np
from sklearn.model_selection import GroupKFold, KFold
from skops import io as skops_io

from velvet.examples import example, main
from velvet_ml import artifacts, leakage
from velvet_ml.errors import IntegrityError, StageConflict, UntrustedArtifact
from velvet_ml.registry import model_card
from velvet_ml.samples import dangerous_pickle, demo


@example("leakage_four_ways")
def leakage_four_ways() -> None:
    """Four leaks on data that say nothing, each with its honest score, and what an audit finds."""
    print(f"{'leak':12}{'leaky':>8}{'honest':>8}")
    for name, leak in leakage.LEAKS.items():
        scores = leak(0)
        print(f"{name:12}{scores.leaky:>8.2f}{scores.honest:>8.2f}")

    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((100, 2_000)), rng.integers(0, 2, 100)
    for name, score in (
        ("outside the folds", leakage.leaky_selection),
        ("inside the folds", leakage.honest_selection),
    ):
        tested = leakage.permutation_test(score, x, y, rng=rng, rounds=5)
        mean, verdict = np.mean(tested.null), "leaks" if tested.leaks else "clean"
        print(f"selection {name}: shuffled labels score {mean:.2f}: {verdict}")

    x, y, patient = leakage.group_data(0)
    for name, folds in (
        ("KFold", KFold(5, shuffle=True, random_state=0)),
        ("GroupKFold", GroupKFold(5)),
    ):
        splits = list(folds.split(x, y, patient if name == "GroupKFold" else None))
        found = leakage.audit(
            partial(leakage.honest_selection, k=4), x, y, splits, rng=rng, groups=patient, rounds=3
        )
        print(f"{name}: {found[0] if found else 'nothing found'}")
    print("why: shuffled labels must give chance, and no group or time may be split")


@example("registry_tour")
def registry_tour() -> None:
    """Register, promote, change one byte of a file, and go back."""
    with tempfile.TemporaryDirectory() as folder:
        shop = demo.make_demo(Path(folder))
        registry = shop.registry
        for version in registry.versions("churn"):
            one = registry.manifest("churn", version)
            print(
                f"version {version}: {one.format:5} {one.sha256[:12]} AUC {one.metrics['auc']:.3f}"
            )
        print(f"in production: {registry.version_of('churn', 'production')}")
        registry.promote("churn", 1, "production", expect=2)
        try:
            registry.promote("churn", 2, "production", expect=2)
        except StageConflict as error:
            print(f"StageConflict: {error}")

        sha256 = registry.manifest("churn", 1).sha256
        blob = Path(folder, "blobs", sha256[:2], sha256)
        content = bytearray(blob.read_bytes())
        content[100] ^= 1
        blob.write_bytes(content)
        try:
            registry.read("churn", "production")
        except IntegrityError as error:
            print(f"IntegrityError:\n  {error}")
        print(f"rolled back to {registry.rollback('churn')}; the log:")
        for move in registry.state()[1]:
            print(f"  {move.alias}: {move.old} -> {move.new}")
        print("\n" + model_card(registry.read("churn", "production")[0]).split("\n- **packages")[0])


@example("unsafe_pickle")
def unsafe_pickle() -> None:
    """One file loaded three ways: pickle and joblib run what it holds, ours refuses it unread."""
    with tempfile.TemporaryDirectory() as folder:
        content, marker = dangerous_pickle.make(Path(folder))
        pickle.loads(content)
        print(f"pickle: {'executed' if marker.exists() else 'nothing ran'}")
        marker.rmdir()
        path = Path(folder) / "model.joblib"
        path.write_bytes(content)
        joblib.load(path)
        print(f"joblib: {'executed' if marker.exists() else 'nothing ran'}")
        marker.rmdir()
        try:
            artifacts.load(path)
        except UntrustedArtifact as error:
            print(f"velvet_ml: refused, {error}")
        print(f"the marker is there: {marker.exists()}")

    class Evil:
        pass

    try:
        artifacts.loads(skops_io.dumps(Evil()), "model.skops")
    except UntrustedArtifact as error:
        print(f"a skops file with a class of ours: refused, {error.types}")
    print("why: a pickle is a program; a skops archive names types, a list allows some")


if __name__ == "__main__":
    main()
