"""The container rung, with a fake engine: what it is told, and what is left when it fails."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from velvet import services
from velvet.catalog import repository
from velvet.errors import VelvetError
from velvet.services import ServiceUnavailable, container, mongodb
from velvet.services.ladder import RungFailed

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake engine is a shell script")


def verbs(engine: Any) -> list[str]:
    """The sub-commands of compose that the engine was given."""
    known = ("up", "kill", "down")
    return [word for call in engine.calls() for word in call if word in known]


def test_a_container_is_started_killed_restarted_and_removed(engine: Any) -> None:
    with mongodb(rung="container") as server:
        url = server.url
        server.kill()
        killed = engine.containers()
        server.restart()

        assert (server.rung, server.version, server.url) == ("container", "MongoDB 6.0.99", url)
        assert killed == []
        assert len(engine.containers()) == 1

    assert engine.containers() == []
    assert verbs(engine) == ["up", "kill", "up", "down"]


def test_the_engine_gets_our_compose_file_and_a_project_name_of_its_own(engine: Any) -> None:
    for _ in range(2):
        mongodb(rung="container").stop()

    ups = [call for call in engine.calls() if "up" in call]
    projects = {call[call.index("-p") + 1] for call in ups}
    assert {call[call.index("-f") + 1] for call in ups} == {str(repository() / "compose.yaml")}
    assert all(call[-4:] == ["up", "-d", "--wait", "mongo"] for call in ups)
    assert len(projects) == 2
    assert all(project.startswith("velvet-") for project in projects)


def test_the_password_of_a_container_is_not_shown(engine: Any) -> None:
    with mongodb(rung="container") as server:
        assert server.shown.startswith("mongodb://velvet:***@127.0.0.1:")


def test_an_engine_that_does_not_run_is_reported_with_its_last_words(engine: Any) -> None:
    engine.fails_at("info")

    with pytest.raises(
        ServiceUnavailable, match="container: docker info failed: the engine is on fire"
    ):
        mongodb(rung="container")


def test_a_container_that_does_not_become_ready_is_removed(engine: Any, lab: Any) -> None:
    engine.fails_at("up")

    with pytest.raises(ServiceUnavailable, match="docker compose failed: the engine is on fire"):
        mongodb(rung="container")

    assert verbs(engine) == ["up", "down"]
    assert lab.is_clean()


def test_an_engine_that_hangs_is_given_up_on(programs: Any) -> None:
    programs.add("docker", "import time; time.sleep(600)")

    with pytest.raises(RungFailed, match=r"^docker did not answer \(TimeoutExpired\)$"):
        container.docker("info", seconds=0.3)


def test_an_engine_that_cannot_be_run_is_reported(programs: Any) -> None:
    with pytest.raises(RungFailed, match=r"^docker did not answer \(FileNotFoundError\)$"):
        container.docker("info", seconds=5)


def test_an_engine_that_fails_without_a_word_is_reported(programs: Any) -> None:
    programs.add("docker", "raise SystemExit(1)")

    with pytest.raises(RungFailed, match=r"^docker info failed: no reason given$"):
        container.docker("info", seconds=30)


def test_outside_a_clone_there_is_no_compose_file(
    engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent() -> Path:
        raise VelvetError("the repository was not found")

    monkeypatch.setattr(container, "repository", absent)

    with pytest.raises(ServiceUnavailable, match="container: the repository was not found"):
        mongodb(rung="container")


def test_a_container_that_is_up_is_found_again_and_removed_by_down(engine: Any) -> None:
    services.up("mongodb", rung="container")
    [line] = [line for line in services.status() if line.name == "mongodb"]
    again, new = services.up("mongodb")

    stopped = services.down(("mongodb",))

    assert (line.state, again.rung, new) == ("up", "container", False)
    assert (stopped, engine.containers()) == (["mongodb"], [])


def test_a_container_whose_owner_was_killed_is_removed(
    engine: Any, owner: Callable[..., Any], soon: Callable[[Callable[[], bool]], bool]
) -> None:
    holder = owner("mongodb", "container")
    before = len(engine.containers())

    holder.process.kill()

    assert before == 1
    assert soon(lambda: engine.containers() == [])
    assert services.down() == ["mongodb"]


def test_a_container_that_the_guard_could_not_remove_is_removed_by_the_next_call(
    engine: Any, owner: Callable[..., Any], soon: Callable[[Callable[[], bool]], bool]
) -> None:
    holder = owner("mongodb", "container")
    engine.fails_at("down")
    holder.process.kill()
    assert soon(lambda: "down" in verbs(engine))
    (engine.folder / "broken").unlink()

    services.down()

    assert engine.containers() == []


def test_probing_asks_the_engine_whether_it_runs(programs: Any, engine: Any) -> None:
    (programs.folder / "mongod").rename(programs.folder / "elsewhere")
    running = services.probe("mongodb")
    engine.fails_at("info")

    problem = services.probe("mongodb")

    assert running is None
    assert problem is not None
    assert ("container", "docker info failed: the engine is on fire") in problem.tried


def test_status_says_that_a_container_would_be_started(programs: Any, engine: Any) -> None:
    (programs.folder / "mongod").rename(programs.folder / "elsewhere")

    [line] = [line for line in services.status() if line.name == "mongodb"]

    assert (line.state, line.detail) == (
        "available",
        "would start a container",
    )


@pytest.mark.parametrize("kind", services.KINDS)
def test_every_kind_names_a_service_and_a_variable_of_the_compose_file(kind: str) -> None:
    text = (repository() / "compose.yaml").read_text(encoding="utf-8")

    service, url = services._MODULES[kind].CONTAINER

    assert f"\n  {service}:\n" in text
    assert f"${{VELVET_{kind.upper()}_PORT:-" in text
    assert "127.0.0.1:{port}" in url


def test_compose_settings_of_the_users_own_do_not_reach_our_project(
    programs: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen = tmp_path / "seen"
    source = f"import os; open({str(seen)!r}, 'w').write(' '.join(os.environ))"
    programs.add("docker", source)
    monkeypatch.setenv("COMPOSE_FILE", "elsewhere.yaml")

    container.docker("info", seconds=30)

    assert "COMPOSE_FILE" not in seen.read_text(encoding="utf-8").split()
