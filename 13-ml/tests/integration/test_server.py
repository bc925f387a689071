"""The service as a process, under a load from another one, with its model changed meanwhile."""

from __future__ import annotations

import pytest

from velvet_ml import scale
from velvet_ml.samples.demo import Demo
from velvet_ml.serving import server as servers
from velvet_ml.serving.server import ServerFailed, serve, start_load


def test_a_model_is_changed_under_load_and_no_request_fails(shop: Demo) -> None:
    with serve(shop.settings()) as server:
        assert server.get("/model")["version"] == 2
        load = start_load(server.port, shop.rows, requests=80, concurrency=4)
        load.wait_for_first()
        shop.registry.promote("churn", 1, "production")
        seen = load.wait()
        assert server.get("/model")["version"] == 1
        with pytest.raises(ServerFailed, match="404"):
            server.get("/nothing")
    assert len(set(seen.acknowledged)) == 80
    assert (seen.failed, seen.shed, seen.retries) == (0, 0, 0)
    assert seen.p99_ms >= seen.p50_ms > 0
    assert server.process.poll() is not None


def test_a_server_that_cannot_start_says_why(shop: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    (shop.registry.root / "state.json").unlink()
    monkeypatch.setattr(servers, "TRIES", 1)
    with pytest.raises(ServerFailed, match="ModelUnavailable"), serve(shop.settings()):
        pass


def test_a_load_without_a_server_ends_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    run = start_load(1, [{}], requests=1, concurrency=1)
    with pytest.raises(ServerFailed, match="did not end within"):
        run.wait(timeout=0.01)


@pytest.mark.leaves("joblib's resource tracker lives as long as the interpreter, by design")
@pytest.mark.parametrize("name", ["loky", "dask"])
def test_processes_find_the_same_model(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "dask":
        pytest.importorskip("distributed", reason="pip install distributed")
    monkeypatch.setattr(scale, "GRID", ((4, 1), (8, 3)))
    monkeypatch.setitem(scale.SIZES, "tiny", scale.Size(200, 10, 2))
    assert scale.fit_grid(name, "tiny").score == scale.fit_grid("serial", "tiny").score
