"""What a server imports: `velvet_web.entry:app`, made from the environment.

A program of its own, so it reads the environment; nothing else in the lesson does.
"""

from __future__ import annotations

import os
from typing import Any

from velvet_web.settings import Settings

APP_VARIABLE = "APP_OF_VELVET_WEB"


def make(name: str, settings: Settings) -> Any:
    """Return a contender, Django's ASGI entry, or an application of the lab."""
    if name == "django_asgi":
        from velvet_web.contenders.django import asgi_app

        return asgi_app(settings)
    from velvet_web.contenders import build, names

    if name in names():
        return build(name, settings)
    from velvet_web.samples.lab import LABS

    return LABS[name](settings)


if APP_VARIABLE in os.environ:
    app = make(os.environ[APP_VARIABLE], Settings.from_env(os.environ))
