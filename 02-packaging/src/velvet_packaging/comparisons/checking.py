"""Which tools notice a hostile wheel, what verifying costs, what signing costs."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from velvet.bench import Absent, Metric, Outcome, Suite, growth, value
from velvet_packaging import attest, contenders, detectors
from velvet_packaging.errors import PackagingLabError
from velvet_packaging.frontends import Hook
from velvet_packaging.project import ProjectSpec
from velvet_packaging.record import RecordEntry, write_record
from velvet_packaging.rendering import render
from velvet_packaging.samples import hostile
from velvet_packaging.samples.hostile import INFO, contents
from velvet_packaging.wheel import verify
from velvet_packaging.wheelhouse import fetch_wheelhouse

OWN = ("build", "hatchling", "setuptools", "pip", "twine", "uv-build", "pypiserver")
FAST = ("flit_core", "hatchling", "uv_build")
QUICK = ("ours", "uv", "installer_all")


def clean_wheels(folder: Path, backends: tuple[str, ...]) -> dict[str, Path]:
    """Return wheels without a fault: one written by hand, and one of each backend."""
    made: dict[str, Path] = {"by hand": folder / "hand" / hostile.FILENAME}
    made["by hand"].parent.mkdir(parents=True)
    made["by hand"].write_bytes(hostile.clean())
    for name in backends:
        if contenders.detect(name).present:
            project = render(ProjectSpec(modules=2, lines=8), name, folder / name / "demo")
            made[name] = Hook().build(project, "wheel", folder / name / "out").path
    return made


def _detected(name: str) -> Callable[[], Outcome]:
    def run() -> Outcome:
        with tempfile.TemporaryDirectory() as scratch:
            bad = detectors.detect(name, hostile.write_all(Path(scratch) / "bad"))
            told: dict[str, Any] = {"flagged": float(sum(bad.values()))}
            told["missed"] = ", ".join(one for one, said in bad.items() if not said) or "none"
            # A tool that objects to everything flags twenty, too, so each is asked about clean ones.
            few = name != "ours"
            clean = clean_wheels(Path(scratch) / "good", FAST if few else contenders.PURE)
            if not few:
                own = fetch_wheelhouse(Path(scratch) / "own", OWN)
                clean |= {path.name: path for path in sorted(own.iterdir())}
            good = detectors.detect(name, clean)
            told["false_alarms"] = float(sum(good.values()))
            told["clean"] = float(len(good))
        return Outcome(told)

    return run


def _random(mb: int) -> Iterator[tuple[str, bytes]]:
    """Yield files of one MiB, one at a time: what prepares must not be what needs memory."""
    for number in range(mb):
        yield f"velvet_demo/data/{number:03}.bin", os.urandom(1 << 20)


def _large(mb: int) -> Iterator[Callable[[], Outcome]]:
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / hostile.FILENAME
        record = f"{INFO}/RECORD"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            rows = []
            for name, data in chain(contents().items(), _random(mb)):
                archive.writestr(name, data)
                rows.append(RecordEntry.of(name, data))
            archive.writestr(record, write_record([*rows, RecordEntry(record)]))

        def run() -> Outcome:
            report = verify(path)
            return Outcome(result=report.ok)

        yield run


def _signed(action: str, kb: int) -> Iterator[Callable[[], str]]:
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / hostile.FILENAME
        path.write_bytes(b"x" * (kb << 10))
        try:
            signer = attest.LocalSigner()
        except PackagingLabError as error:
            raise Absent(str(error)) from None
        key = signer.public_key

        def sign() -> str:
            return attest.verify(path, signer.sign(path), key) if action == "both" else _hash()

        def _hash() -> str:
            assert attest.digest_of(path)
            return ""

        yield sign


def _detection(suite: Suite) -> None:
    detection = suite.comparison(
        "detection",
        title="Twenty hostile wheels: how many each tool objects to, with its defaults",
        kind="value",
        unit="wheels",
        metrics={
            "flagged": Metric("wheels", "higher"),
            "missed": Metric("label"),
            "false_alarms": "wheels",
            "clean": "wheels",
        },
        limit=600,
    )
    for name in detectors.DETECTORS:
        note = "--validate-record all" if name == "installer_all" else ""
        least = "quick" if name in QUICK else "default"
        detection.add(
            name, partial(_detected, name), baseline=name == "ours", note=note, tier=least
        )
    suite.claim(
        "our verifier flags 20 of 20 hostile wheels, with no false alarm on clean ones",
        value("detection", "ours", "flagged").equals(20)
        & value("detection", "ours", "false_alarms").equals(0)
        & (value("detection", "ours", "clean") >= 20),
    )
    suite.claim(
        "pip, uv and check-wheel-contents each let at least half of them pass, and no clean one fail",
        value("detection", "pip", "false_alarms").equals(0)
        & value("detection", "uv", "false_alarms").equals(0)
        & value("detection", "check_wheel_contents", "false_alarms").equals(0)
        & (value("detection", "pip", "flagged") <= 10)
        & (value("detection", "uv", "flagged") <= 10)
        & (value("detection", "check_wheel_contents", "flagged") <= 10),
        tier="default",
    )


def _cost(suite: Suite) -> None:
    cost = suite.comparison(
        "verify_cost",
        title="Verifying a wheel of random data",
        kind="run",
        sizes={"mb": [10, 100, 300]},
        quick=lambda mb: mb <= 100,
        rounds={"quick": 2, "default": 3},
        floor=True,
    )
    cost.add("ours", _large, baseline=True)
    cost.check(_passes)
    suite.claim(
        "verifying takes time in proportion to the size",
        growth("verify_cost", "ours", over="mb").between(0.6, 1.2),
        tier="default",
    )
    suite.claim(
        "and memory that grows by less than 40 MB from a wheel of 10 MB to one of 300",
        value("verify_cost", "ours", "peak_mb", mb=300)
        - value("verify_cost", "ours", "peak_mb", mb=10)
        <= 40,
        tier="default",
        needs="linux",
    )


def _signing(suite: Suite) -> None:
    signing = suite.comparison(
        "attesting",
        title="Signing and verifying with a local key, beside hashing the file alone",
        kind="micro",
        unit="ms",
        sizes={"kb": [1, 1024, 51_200]},
        quick=lambda kb: kb <= 1024,
    )
    signing.add("hash_once", lambda kb: _signed("hash", kb), baseline=True)
    signing.add("sign_and_verify", lambda kb: _signed("both", kb), note="hashes twice")
    signing.same_result()


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    for declare in (_detection, _cost, _signing):
        declare(suite)


def _passes(result: Any) -> None:
    assert result is True, "the wheel does not pass"
