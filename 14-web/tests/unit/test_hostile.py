"""One valid call of each public callable; `velvet.hostile` puts what is hostile into its place."""

from __future__ import annotations

from velvet.hostile import Fixed, HostileTests, call
from velvet_web import (
    board,
    domain,
    events,
    histogram,
    loadplan,
    middleware_asgi,
    middleware_wsgi,
    production,
    semantics,
    settings,
    store,
)

SECRET = "marmalade-of-oranges"
SETTINGS = Fixed(settings.Settings("board.db", secret=SECRET, cors_origins=("http://a.example",)))
TASK = Fixed(domain.Task(1, "title", False, None, "2026-01-02T12:00:00Z", 1))
NEW = Fixed(domain.NewTask("title"))
NEEDS = Fixed(production.Needs())
SHOT = loadplan.Shot("/tasks")
STORE = Fixed(store.SqliteStore(":memory:", connections=1))
STORE.value.create(NEW.value)
CALL = Fixed(board.Call("GET", {}))
APP = Fixed(lambda *_: [b""])
SCOPE = Fixed({"headers": [(b"host", b"127.0.0.1")]})


class TestHostile(HostileTests):
    errors = (domain.Problem,)
    mutable = {"loadplan.Result", "servers.Running"}
    calls = (
        call(board.TaskBoard, SETTINGS, STORE)
        .then("get", CALL, "1")
        .but(shares="a board stands over one store and tells its own listeners"),
        call(domain.refusal, 405, "GET"),
        call(domain.Task.public, TASK, "http://127.0.0.1").but(of=(domain.Task,)),
        call(domain.decode_json, b'{"title": "a"}'),
        call(domain.parse_new, {"title": "a"}),
        call(domain.patched, TASK, {"title": "a"}),
        call(domain.merge_patch, {"a": 1}, {"a": None}),
        call(domain.parse_id, "1"),
        call(domain.make_cursor, 1, SECRET),
        call(domain.read_cursor, domain.make_cursor(1, SECRET), SECRET),
        call(events.Broadcaster, 2)
        .then("publish", "kind", b"{}", key="k")
        .but(shares="its listeners are its own"),
        call(events.read_last_event_id, "1"),
        call(events.SseParser)
        .then("feed", b"data: a\n\n")
        .but(shares="a running state, which belongs to one stream"),
        call(histogram.Histogram, [1000, 2000])
        .then("record", 1000, 1)
        .then("percentile", 50.0)
        .then("corrected", 500)
        .but(
            many=1000,
            shares="`copy.copy` is shallow, as of any plain class",
            large=lambda: histogram.Histogram(range(1, 10_001)),
        ),
        call(histogram.Histogram.from_pairs, [[1, 2]]),
        call(loadplan.Shot, "/tasks", "GET", "{}").then("raw", "127.0.0.1"),
        call(
            loadplan.LoadPlan,
            "http://127.0.0.1",
            (SHOT,),
            50.0,
            1.0,
            1,
            200,
            "poisson",
            10.0,
            0.25,
            0,
            0,
            (0.0, 0.0, 1.0),
            every=1.0,
        ),
        call(loadplan.Result, 50.0, 1.0).but(nan="as measured and unchecked, says its docstring"),
        call(middleware_asgi.header, SCOPE, b"host"),
        call(middleware_asgi.refused, SETTINGS, "127.0.0.1", "/tasks"),
        call(middleware_asgi.cors_headers, SETTINGS, "http://a.example"),
        call(middleware_asgi.BodyLimit, APP, 100),
        call(middleware_asgi.LoadShed, APP, 2, 1, 1.0),
        call(
            middleware_wsgi.Finished, [b"a"], Fixed(bool)
        ),  # what the callback raises comes out of `close`
        call(middleware_wsgi.BodyLimit, APP, 100),
        call(middleware_wsgi.LoadShed, APP, 2),
        call(production.Needs, 200.0, 50.0, 2, 250.0, 30),
        call(production.server_of, "flask"),
        call(production.options, "flask", NEEDS, 8000),
        call(production.settings_for, "flask", NEEDS, SETTINGS),
        call(production.command, "flask", NEEDS, 8000),
        call(production.unit, "flask", NEEDS, SETTINGS),
        call(semantics.accepts, "*/*", "application/json"),
        call(semantics.require_acceptable, "*/*", "application/json"),
        call(semantics.require_media_type, "application/json", ["application/json"]),
        call(semantics.entity_tags, '"a", W/"b"'),
        call(semantics.check_preconditions, "GET", {"if-match": '"a"'}, '"a"'),
        call(semantics.read_query, "limit=1", ["limit"]),
        call(semantics.host_name, "127.0.0.1:80"),
        call(semantics.body_length, "10"),
        call(
            settings.Settings,
            "board.db",
            allowed_hosts=("a",),
            public_url="http://a",
            max_body=100,
            max_inflight=1,
            max_queue=1,
            max_wait=1.0,
            busy=0.5,
            secret=SECRET,
        ),
        call(settings.Settings.from_env, {"VELVET_WEB_DSN": "board.db"}),
        call(store.Unavailable, "is away"),
        call(store.to_task, (1, "title", 0, None, "2026-01-02T12:00:00Z", 1)),
        call(store.SqliteStore, Fixed(":memory:"), connections=1, busy=0.1)
        .then("page", 10, 0)
        .then("get", 1)
        .then("create_once", NEW, "key", "fingerprint")
        .but(many=50),
    )
    excepted = {
        "board": "opens a file or asks a server",
        "entry": "what a server imports",
        "events": "streams without an end; tests/unit/test_events.py",
        "loadgen": "needs a server; tests/integration",
        "middleware_asgi": "sends a refusal that was made here",
        "postgres": "needs a server; tests/integration",
        "servers": "starts servers; tests/integration",
        "store": "statements over a database that a subclass opens",
    }
