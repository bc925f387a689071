"""Every front end keeps the contract, in this process and behind every server."""

from __future__ import annotations

import json
from typing import Any
from wsgiref.validate import validator

import hypothesis
import jsonschema
import pytest
import requests
import schemathesis
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from velvet_web.board import openapi
from velvet_web.comparisons import attacks, conformance
from velvet_web.comparisons.client import Client, InWsgi, OverSocket
from velvet_web.contenders import build, load
from velvet_web.servers import Running
from velvet_web.settings import Settings

DOCUMENT = json.loads(openapi())
OPERATIONS = [
    (path, method)
    for path, item in DOCUMENT["paths"].items()
    for method in item
    if method in ("get", "post", "patch", "delete")
]
# What a server lets through that it should refuse; the README's matrix shows them all.
KNOWN_WEAK = {
    "uvicorn": {"a line feed in the target", "a header of 100 KiB", "2,000 headers"},
    "uvicorn_h11": {"a header of 100 KiB", "2,000 headers"},
    "hypercorn": {"2,000 headers"},
    "granian": {"a chunk size that is no number", "a header of 100 KiB"},
    "granian_wsgi": {"a header of 100 KiB"},
    "waitress": {"a header of 100 KiB", "2,000 headers"},
}


def test_each_front_end_keeps_the_contract(front_end: Any) -> None:
    verdicts = list(conformance.run(front_end.client))

    assert [verdict for verdict in verdicts if not verdict.passed] == []
    assert len(verdicts) > 60


def test_each_server_keeps_the_contract(server: tuple[str, Running]) -> None:
    transport = OverSocket(server[1].url)
    try:
        assert conformance.failures(Client(transport)) == []
    finally:
        transport.close()


def test_no_attack_gets_further_than_is_known(server: tuple[str, Running]) -> None:
    name, running = server

    unsafe = {one.name for one, _, safe in attacks.attack(running) if not safe}

    assert unsafe <= KNOWN_WEAK.get(name, set())


def test_fifty_slow_clients_do_not_keep_others_out(server: tuple[str, Running]) -> None:
    name, running = server
    if name.startswith("gunicorn") and name != "gunicorn_asgi":
        pytest.skip(f"{name} reads headers in its worker threads; it belongs behind a proxy")
    held = attacks.slow_headers(running.port)
    try:
        transport = OverSocket(running.url)
        answer = Client(transport).request("GET", "/healthz")
        transport.close()
    finally:
        for connection in held:
            connection.close()

    assert answer.status == 200


def test_the_document_is_valid_openapi() -> None:
    SCHEMA.validate()

    assert DOCUMENT["openapi"].startswith("3.1")


GENERATION = hypothesis.settings(
    max_examples=12,
    deadline=None,
    database=None,
    derandomize=True,
    stateful_step_count=6,
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    suppress_health_check=list(hypothesis.HealthCheck),
)
# A precondition that fails is answered before the body is looked at.
STATEFUL_EXCLUDED = [positive_data_acceptance, negative_data_rejection]
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
SCHEMA.config.update(base_url="http://127.0.0.1:8000")


def carried(case: Any, client: Client) -> Response:
    """Send a generated case through our own client and return what schemathesis looks at."""
    sent = requests.Request(**case.as_transport_kwargs()).prepare()
    body = sent.body.encode() if isinstance(sent.body, str) else sent.body
    headers = {name: str(value) for name, value in sent.headers.items()}
    answer = client.request(sent.method or "", sent.path_url, body, headers)
    found = {name.lower(): [value] for name, value in answer.headers}
    return Response(answer.status, found, answer.body, sent, 0.0, verify=True)


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
@pytest.mark.filterwarnings("ignore")
def test_schemathesis_finds_no_contradiction(front_end: Any, path: str, method: str) -> None:
    # A cursor is signed: no schema can tell which text is one.
    excluded = [positive_data_acceptance] if (path, method) == ("/tasks", "get") else []

    @GENERATION
    @hypothesis.given(case=SCHEMA[path][method].as_strategy())
    def agrees(case: Any) -> None:
        answer = carried(case, front_end.client)
        # Whether a condition holds depends on the task: no schema can tell which header is met.
        asked = {name.lower() for name in case.headers or {}} & {"if-match", "if-none-match"}
        unmet = [positive_data_acceptance] if answer.status_code == 412 and asked else []
        case.validate_response(answer, excluded_checks=[*excluded, *unmet])

    agrees()


@pytest.mark.filterwarnings("ignore")
def test_schemathesis_follows_the_links_from_creation_to_deletion(front_end: Any) -> None:
    followed = set()

    class Links(SCHEMA.as_state_machine()):  # type: ignore[misc]
        def setup(self) -> None:
            front_end.client.request("DELETE", "/tasks")  # each run begins alike

        def call(self, case: Any, **_: Any) -> Any:
            followed.add(case.operation.label)
            # A key that an earlier run used makes the same step end differently.
            (case.headers or {}).pop("Idempotency-Key", None)
            return carried(case, front_end.client)

        def validate_response(self, response: Any, case: Any, **_: Any) -> None:
            case.validate_response(response, excluded_checks=STATEFUL_EXCLUDED)

    Links.run(settings=GENERATION)

    assert {"POST /tasks", "GET /tasks/{task_id}", "PATCH /tasks/{task_id}"} <= followed


@pytest.mark.parametrize("name", ["fastapi", "litestar"])
def test_a_generated_document_agrees_with_the_written_one(name: str, settings: Settings) -> None:
    app = load(name).framework_app(settings)
    generated = app.openapi() if name == "fastapi" else app.openapi_schema.to_schema()
    task = generated["components"]["schemas"][
        "TaskOut" if name == "fastapi" else _litestar(generated)
    ]

    for path, method in OPERATIONS:
        written = DOCUMENT["paths"][path][method]["responses"]
        success = next(status for status in written if status[0] == "2")
        assert success in generated["paths"][path][method]["responses"], (path, method)
    wanted = DOCUMENT["components"]["schemas"]["Task"]
    assert set(task["properties"]) == set(wanted["properties"])
    assert set(task["required"]) <= set(wanted["required"])


def _litestar(generated: Any) -> str:
    return next(name for name in generated["components"]["schemas"] if name.endswith("TaskOut"))


@pytest.mark.parametrize(
    ("method", "target", "headers", "status"),
    [
        ("GET", "//tasks", {}, 404),
        ("GET", "/tasks/", {}, 404),
        ("GET", "/tasks//1", {}, 404),
        ("OPTIONS", "/tasks", {}, 204),
        ("OPTIONS", "/nothing", {}, 204),
        ("TRACE", "/tasks", {}, 405),
        ("CONNECT", "/tasks", {}, 405),
        ("GET", "/tasks", {"host": "127.0.0.1:65536"}, 400),
        ("POST", "/tasks", {"content-length": "²"}, 413),
        ("POST", "/tasks", {"content-length": "9" * 5000}, 413),
        ("GET", "/tasks/%ff%ed%a0%80", {}, 404),
        ("GET", "/tasks?after=%ff&x=%00", {}, 422),
        ("GET", "/tasks", {"accept": "application/json;q=\xff"}, 406),
    ],
)
@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
def test_a_hostile_request_has_one_answer_from_all(
    front_end: Any, method: str, target: str, headers: dict[str, str], status: int
) -> None:
    body = b'{"title":"x"}' if method == "POST" else None

    assert front_end.client.request(method, target, body, headers).status == status


def test_a_task_is_told_in_json_or_not_at_all(front_end: Any) -> None:
    location = front_end.client.request("POST", "/tasks", {"title": "x"}).get("location")
    target = "/tasks/" + location.rpartition("/")[2]

    found = [
        front_end.client.request("GET", target, None, {"accept": kind}).status
        for kind in ("application/json", "text/html")
    ]

    assert found == [200, 406]


def test_the_answers_match_the_schema_of_a_task(front_end: Any) -> None:
    task = front_end.client.request("POST", "/tasks", {"title": "x"}).json()

    jsonschema.validate(task, DOCUMENT["components"]["schemas"]["Task"])


@pytest.mark.parametrize("name", ["flask", "django"])
@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
def test_the_wsgi_rules_of_pep_3333_are_kept(name: str, settings: Settings) -> None:
    client = Client(InWsgi(validator(build(name, settings))))

    for method, target, body in (
        ("POST", "/tasks", {"title": "x"}),
        ("GET", "/tasks", None),
        ("GET", "/tasks/none", None),
        ("DELETE", "/tasks", None),
    ):
        assert client.request(method, target, body).status < 500
