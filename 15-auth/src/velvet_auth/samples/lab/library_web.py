"""Pages that call itsdangerous and Starlette as their documentation shows."""

# ruff: noqa: ARG001 - every exploit and every build of a feature has the same signature
from __future__ import annotations

from itsdangerous import URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import RedirectResponse

from velvet_auth.samples.lab import Send
from velvet_auth.samples.lab.attacks_web import TopicScene


def session_after_logout(scene: TopicScene) -> Send:
    """Keep the session in a signed cookie, as Starlette's SessionMiddleware does."""
    signer = URLSafeTimedSerializer("a key of the server")

    def app(step: str, told: str) -> str:
        if step == "login":
            return str(signer.dumps({"user": told}))
        if step == "logout":
            return ""
        return scene.secret_of(signer.loads(told, max_age=3600)["user"])

    return scene.build(app)


def session_pickle(scene: TopicScene) -> Send:
    """Keep JSON in it."""
    scene.goal = bool
    return session_after_logout(scene)


def open_redirect(scene: TopicScene) -> Send:
    """Answer with a RedirectResponse."""
    scene.goal = bool
    return lambda target: RedirectResponse(target).headers["location"]


def host_header(scene: TopicScene) -> Send:
    """Build the link from `request.base_url`."""
    scene.goal = bool

    def app(name: str, host: str) -> str:
        scope = {"type": "http", "scheme": "https", "path": "/forgot", "query_string": b""}
        request = Request({**scope, "headers": [(b"host", host.encode())], "root_path": ""})
        return f"{request.base_url}reset?token=..."

    return app


session_fixation = csrf = login_csrf = session_step_up = None
