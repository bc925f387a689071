"""Hostile files and requests, killed writers, two writers at once."""

from __future__ import annotations

import io
import json
import pickle
import subprocess
import threading
import zipfile
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import joblib
import onnx
import pytest
from onnx import TensorProto, helper
from skops import io as skops_io

from velvet_ml import artifacts, lab
from velvet_ml.errors import IntegrityError, StageConflict, UntrustedArtifact
from velvet_ml.registry import Registry
from velvet_ml.samples import dangerous_pickle, demo
from velvet_ml.samples.demo import Demo
from velvet_ml.serving.app import MAX_BODY, create_app


class Evil:
    """A class that no list allows."""


def graph_with(location: str) -> bytes:
    """Return a graph whose weights lie in another file."""
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    graph = helper.make_graph(
        [helper.make_node("Identity", ["w"], ["y"])], "g", [], [out], [tensor]
    )
    return bytes(helper.make_model(graph).SerializeToString())


def graph_with_branch(location: str) -> bytes:
    """Return a graph that names another file inside a branch."""
    inner = onnx.load_model_from_string(graph_with(location)).graph
    out = helper.make_tensor_value_info("z", TensorProto.FLOAT, [1])
    flag = helper.make_tensor("flag", TensorProto.BOOL, [], [True])
    node = helper.make_node("If", ["flag"], ["z"], then_branch=inner, else_branch=inner)
    return bytes(
        helper.make_model(helper.make_graph([node], "g", [], [out], [flag])).SerializeToString()
    )


def zip_bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", b" " * (artifacts.MAX_BYTES + 1))
    return buffer.getvalue()


def nested_schema() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("schema.json", "[" * 100_000)
    return buffer.getvalue()


def joblib_bytes(model: Any, compress: int) -> bytes:
    buffer = io.BytesIO()
    joblib.dump(model, buffer, compress=compress)
    return buffer.getvalue()


def zip_without_schema() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("schema.json", "{}")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (lambda shop: pickle.dumps(shop.rows), UntrustedArtifact),
        (lambda shop: joblib_bytes(shop.rows, 0), UntrustedArtifact),
        (lambda shop: joblib_bytes(shop.rows, 3), UntrustedArtifact),
        (lambda shop: skops_io.dumps(Evil()), UntrustedArtifact),
        (lambda shop: zip_without_schema(), IntegrityError),
        (lambda shop: skops_io.dumps(shop.trained.model)[:2_000], IntegrityError),
        (lambda shop: graph_with("../../x"), UntrustedArtifact),
        (lambda shop: graph_with_branch("../../x"), UntrustedArtifact),
        (lambda shop: zip_bomb(), UntrustedArtifact),
        (lambda shop: nested_schema(), IntegrityError),
        (lambda shop: b"garbage that is no graph", IntegrityError),
        (lambda shop: b"", IntegrityError),
        (lambda shop: shop.graph[: len(shop.graph) // 2], IntegrityError),
        (lambda shop: onnx.ModelProto(ir_version=8).SerializeToString(), IntegrityError),
    ],
    ids=[
        "pickle",
        "joblib",
        "joblib, compressed",
        "skops with a class of ours",
        "zip that is no skops",
        "skops, truncated",
        "onnx that names a file outside",
        "onnx that names a file outside in a branch",
        "zip that unpacks to too much",
        "skops with a deep schema",
        "garbage",
        "nothing",
        "onnx, truncated",
        "onnx without a graph",
    ],
)
def test_a_hostile_file_is_refused_by_load_and_by_the_registry(
    content: Callable[[Demo], bytes], error: type[Exception], shop: Demo
) -> None:
    made = content(shop)
    with pytest.raises(error):
        artifacts.loads(made)
    before = shop.registry.versions("churn")
    with pytest.raises(error):
        shop.registry.register("churn", made, shop.trained)
    assert shop.registry.versions("churn") == before


def test_nothing_of_a_pickle_is_run_whatever_its_name(tmp_path: Path) -> None:
    content, marker = dangerous_pickle.make(tmp_path)
    for name in ("model.pkl", "model.joblib", "model.skops", "model.onnx"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UntrustedArtifact):
            artifacts.load(tmp_path / name)
    assert not marker.exists()
    with pytest.raises(ValueError, match="not empty"):
        dangerous_pickle.make(tmp_path)


def test_a_file_of_any_size_is_refused_by_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shop: Demo
) -> None:
    monkeypatch.setattr(artifacts, "MAX_BYTES", 100)
    (path := tmp_path / "m.onnx").write_bytes(shop.graph)
    with pytest.raises(UntrustedArtifact, match="larger than"):
        artifacts.load(path)
    with pytest.raises(UntrustedArtifact, match="larger than"):
        artifacts.check_onnx(shop.graph)


def test_a_flipped_byte_another_key_and_an_edited_manifest_are_seen(shop: Demo) -> None:
    root = shop.registry.root
    with pytest.raises(IntegrityError, match="signature"):
        Registry(root, b"another key of sixteen").read("churn", 2)
    manifest = root / "models" / "churn" / "000002.json"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace('"seed": 7', '"seed": 8'), encoding="utf-8")
    with pytest.raises(IntegrityError, match="signature"):
        shop.registry.read("churn", 2)
    manifest.write_text("{half", encoding="utf-8")
    with pytest.raises(IntegrityError, match="a manifest"):
        shop.registry.read("churn", 2)
    manifest.write_text(
        (root / "models/churn/000001.json").read_text(encoding="utf-8"), encoding="utf-8"
    )
    with pytest.raises(IntegrityError, match="manifest"):
        shop.registry.read("churn", 2)
    manifest.write_text(text, encoding="utf-8")
    sha256 = shop.registry.manifest("churn", 2).sha256
    blob = root / "blobs" / sha256[:2] / sha256
    blob.write_bytes(bytes([shop.graph[0] ^ 1]) + shop.graph[1:])
    assert "churn version 2" in shop.registry.verify()[0]
    blob.unlink()
    with pytest.raises(IntegrityError, match="found nothing"):
        shop.registry.read("churn", 2)


def test_a_damaged_state_is_an_error_of_ours_and_nothing_is_collected(shop: Demo) -> None:
    root = shop.registry.root
    for text in ("{half", "[]", '{"aliases": {}}', '{"aliases": {}, "log": [{"x": 1}]}'):
        (root / "state.json").write_text(text, encoding="utf-8")
        with pytest.raises(IntegrityError, match=r"state\.json"):
            shop.registry.version_of("churn", "production")
        assert "state.json" in shop.registry.verify()[-1]
    (root / "models" / "notes.txt").write_text("no folder of a model", encoding="utf-8")
    (root / "models" / "churn" / "000001.json").write_text("{half", encoding="utf-8")
    assert shop.registry.verify()[0].startswith("churn/000001.json: ")
    blobs = sorted(root.glob("blobs/*/*"))
    with pytest.raises(IntegrityError, match="version 1"):
        shop.registry.collect_garbage()
    assert sorted(root.glob("blobs/*/*")) == blobs


@pytest.mark.parametrize("name", ["../../etc", "", "Churn", "a/b", "a" * 65, "nul\0"])
def test_a_name_that_is_no_folder_is_refused(name: str, shop: Demo) -> None:
    with pytest.raises(ValueError, match="name"):
        shop.registry.manifest(name, 1)


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (lambda registry: registry.manifest("churn", 0), ValueError),
        (lambda registry: registry.manifest("churn", 99), LookupError),
        (lambda registry: registry.manifest("churn", "canary"), LookupError),
        (lambda registry: registry.promote("churn", 1, "live"), ValueError),
        (lambda registry: registry.promote("churn", 99, "canary"), LookupError),
    ],
)
def test_what_is_not_there_is_refused(act: Any, error: type[Exception], shop: Demo) -> None:
    with pytest.raises(error):
        act(shop.registry)
    assert shop.registry.verify() == []


def test_of_two_that_promote_at_once_one_is_told(shop: Demo) -> None:
    start, told = threading.Barrier(2), list[str]()

    def promote(version: int) -> None:
        registry = Registry(shop.registry.root, demo.KEY)
        start.wait()
        try:
            registry.promote("churn", version, "production", expect=2)
            told.append("moved")
        except StageConflict:
            told.append("conflict")

    threads = [threading.Thread(target=promote, args=(1,)) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(told) == ["conflict", "moved"]
    assert shop.registry.verify() == []


def test_a_killed_writer_leaves_a_whole_registry(tmp_path: Path) -> None:
    left = lab.kill_writer(tmp_path, demo.NAME, demo.KEY, after=4)
    assert left.problems == ()
    assert left.acknowledged >= 4
    assert left.found >= left.acknowledged


def test_a_version_that_was_acknowledged_and_is_lost_is_named(
    shop: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = SimpleNamespace(stdout=io.BytesIO(b"1\n2\n3\n"), send_signal=lambda _: None)
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: nullcontext(writer))
    left = lab.kill_writer(shop.registry.root, demo.NAME, demo.KEY, after=1)
    assert left.problems == (
        "version 3 was acknowledged and is not in production",
        "version 3 is lost",
    )
    assert (left.acknowledged, left.found) == (3, 2)


HOSTILE: list[tuple[str, Callable[[dict[str, Any]], bytes], int]] = [
    ("a field is missing", lambda row: wrap({k: v for k, v in row.items() if k != "plan"}), 422),
    ("a field more", lambda row: wrap({**row, "admin": True}), 422),
    ("text for a number", lambda row: wrap({**row, "tenure_months": "12"}), 422),
    ("a number for a text", lambda row: wrap({**row, "plan": 3}), 422),
    (
        "NaN",
        lambda row: wrap(row).replace(b'"tenure_months": ', b'"tenure_months": NaN, "x": '),
        422,
    ),
    ("1e400", lambda row: wrap({**row, "tenure_months": 0}).replace(b": 0,", b": 1e400,"), 422),
    ("Infinity", lambda row: wrap({**row, "tenure_months": float("inf")}), 422),
    ("a wrong unit", lambda row: wrap({**row, "monthly_spend": 6e4}), 422),
    ("all null", lambda row: wrap(dict.fromkeys(row)), 422),
    ("no JSON", lambda row: b"{", 422),
    ("another shape", lambda row: b"[1, 2]", 422),
    ("a long id", lambda row: wrap(row, "x" * 101), 422),
    ("deep nesting", lambda row: b"[" * 50_000, 422),
    ("a large body", lambda row: wrap(row, "x" * (MAX_BODY + 1)), 413),
]


def wrap(row: dict[str, Any], id: str = "r") -> bytes:
    return json.dumps({"id": id, "features": row}).encode()


def test_hostile_requests_are_answered_with_fields_and_do_no_harm(
    shop: Demo, served: Callable[..., Any]
) -> None:
    app = create_app(shop.settings())
    calls = [("POST", "/predict", make(shop.rows[0])) for _, make, _ in HOSTILE]
    good = ("POST", "/predict", wrap(shop.rows[0]))
    *told, (status, answer) = served(app, *calls, good)
    assert [one for one, _ in told] == [wanted for _, _, wanted in HOSTILE]
    assert told[0][1]["detail"] == [{"field": "features.plan", "problem": "Field required"}]
    assert told[7][1]["detail"][0]["field"] == "monthly_spend"
    assert (status, answer["id"]) == (200, "r")


def test_too_many_rows_and_a_body_without_a_length_are_refused(
    shop: Demo, served: Callable[..., Any]
) -> None:
    app = create_app(shop.settings())
    few = json.dumps({"rows": [shop.rows[0]] * 1_001}).encode()
    many = b'{"rows": [' + b",".join([b"{}"] * 400_000) + b"]}"
    (first, _), (second, _) = served(
        app, ("POST", "/predict/batch", few), ("POST", "/predict/batch", many)
    )
    assert (first, second) == (422, 413)


def test_a_body_larger_than_it_announced_is_counted(shop: Demo, served: Callable[..., Any]) -> None:
    app = create_app(shop.settings())
    large = ("POST", "/predict", b"x" * (MAX_BODY + 10), "0")
    assert served(app, large)[0][0] == 413


@pytest.mark.parametrize("length", [str(MAX_BODY + 1), "x", "-1"])
def test_a_length_that_is_too_large_or_none_is_refused_at_once(
    length: str, shop: Demo, served: Callable[..., Any]
) -> None:
    app = create_app(shop.settings())
    good = wrap(shop.rows[0])
    told = served(
        app, ("POST", "/predict", good, length), ("POST", "/predict", good, str(MAX_BODY))
    )
    assert [status for status, _ in told] == [413, 200]


def test_a_worker_killed_under_load_loses_nothing(shop: Demo, tmp_path: Path) -> None:
    settings = shop.settings(log=str(tmp_path / "predictions.log"))
    left = lab.kill_worker(settings, shop.rows, requests=200)
    assert left.killed == 1
    assert (left.lost, left.failed) == (0, 0)
    assert left.acknowledged == 200
