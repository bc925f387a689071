"""The kit of `retry_client`: a server that answers by a script."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from velvet_testing.kit import Kit


class Answer:
    """A response that knows whether it was closed."""

    def __init__(self, status: int, retry_after: str | None) -> None:
        self.status, self.closed = status, False
        self.headers = {} if retry_after is None else {"Retry-After": retry_after}

    def close(self) -> None:
        """Return the connection."""
        self.closed = True


class Server:
    """Answers by a script of statuses; 0 is a time-out, "503/7" asks for 7 seconds."""

    def __init__(self, script: str) -> None:
        self.script = script.split()
        self.seen: list[tuple[str, str | None]] = []
        self.answers: list[Answer] = []

    def send(self, method: str, url: str, headers: dict[str, str]) -> Answer:
        """Answer with the next status of the script; 200 when it is used up."""
        assert url
        self.seen.append((method, headers.get("Idempotency-Key")))
        word = self.script.pop(0) if self.script else "200"
        status, slash, after = word.partition("/")
        if status == "0":
            raise TimeoutError
        self.answers.append(Answer(int(status), after if slash else None))
        return self.answers[-1]


def call(m: Any, script: str, method: str = "GET", key: str | None = None) -> dict[str, Any]:
    """Return what a request led to."""
    server, slept = Server(script), list[float]()
    final: Any = None
    try:
        final = m.Client(server.send, slept.append).request(method, "/", key)
        result = final.status
    except TimeoutError:
        result = 0
    left = sum(not one.closed for one in server.answers if one is not final)
    return {
        "result": result,
        "tries": len(server.seen),
        "slept": [round(pause, 3) for pause in slept],
        "left_open": left,
        "keys": {key for _, key in server.seen},
    }


def _check(m: Any, x: Any) -> None:
    script, method, key = x
    seen = call(m, script, method, key)
    assert 1 <= seen["tries"] <= 3
    assert len(seen["slept"]) == seen["tries"] - 1
    assert all(0 <= pause <= 2 for pause in seen["slept"])
    assert seen["left_open"] == 0
    assert seen["keys"] == {key}
    if method == "POST" and key is None:
        assert seen["tries"] == 1
    first = script.split()[0]
    if first in ("200", "404"):
        assert seen["tries"] == 1


def _fault(m: Any, n: int) -> bool:
    """Time out the n-th of three requests that are answered with 503."""
    if n > 3:
        return False
    words = ["503"] * 3
    words[n - 1] = "0"
    seen = call(m, " ".join(words))
    assert seen["tries"] == 3
    assert seen["left_open"] == 0
    once = call(m, "0 200", "POST")
    assert once["tries"] == 1, "a POST without a key is sent again"
    return True


_word = st.sampled_from(("200", "404", "429", "503", "0", "503/1", "429/60", "503/soon", "503/"))
KIT = Kit(
    happy=(
        'call(program, "200")["result"] == 200',
        'call(program, "503 200")["tries"] == 2',
        'call(program, "404")["tries"] == 1',
    ),
    edges=(
        'call(program, "503 503 200")["result"] == 200',
        'call(program, "503 503 503 200")["result"] == 503',
        'call(program, "0 0 0 200")["result"] == 0',
        'call(program, "503 503 200")["slept"] == [0.1, 0.2]',
        'call(program, "429/1 200")["slept"] == [1.0]',
        'call(program, "429/0 200")["slept"] == [0.0]',
        'call(program, "503 200", "POST", "k")["tries"] == 2',
    ),
    contract=(
        'call(program, "503 200", "POST")["tries"] == 1',
        'call(program, "503 200", "POST", "k")["keys"] == {"k"}',
        'call(program, "503 200")["left_open"] == 0',
    ),
    snapshot=('call(program, "503 429/1 200")',),
    tools={"call": call},
    inputs=st.tuples(
        st.lists(_word, min_size=1, max_size=4).map(" ".join),
        st.sampled_from(("GET", "POST")),
        st.sampled_from((None, "k")),
    ),
    check=_check,
    fault=_fault,
)
