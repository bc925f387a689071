"""A table as HTML: six renderers, what escaping costs, and what `str.format` gives away.

A template from a stranger is a program. `str.format` reads attributes, so `{0.__class__}` walks to
the globals; Jinja2's sandbox refuses that, and still needs a limit on what it prints.
"""

from __future__ import annotations

import html
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from velvet_text import _child
from velvet_text.errors import TemplateError, TextError

Rows = Sequence[Sequence[object]]
Renderer = Callable[[Rows], str]
MAX_OUTPUT = 1_000_000
MAX_TEMPLATE_RANGE = 10_000
MEMORY_MB = 512
_JINJA = (
    "<table>{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>"
    "{% endfor %}</table>"
)
_MAKO = (
    "<table>% for row in rows:\n<tr>% for cell in row:\n<td>${cell}</td>% endfor\n</tr>"
    "% endfor\n</table>"
)


def _fstring(*, escape: bool) -> Renderer:
    quote: Callable[[str], str] = html.escape if escape else str

    def render(rows: Rows) -> str:
        body = (
            f"<tr>{''.join(f'<td>{quote(str(cell))}</td>' for cell in row)}</tr>" for row in rows
        )
        return f"<table>{''.join(body)}</table>"

    return render


def _string_template(*, escape: bool) -> Renderer:
    quote: Callable[[str], str] = html.escape if escape else str
    cell_of, row_of = string.Template("<td>$cell</td>"), string.Template("<tr>$cells</tr>")

    def render(rows: Rows) -> str:
        body = (
            row_of.substitute(
                cells="".join(cell_of.substitute(cell=quote(str(cell))) for cell in row)
            )
            for row in rows
        )
        return f"<table>{''.join(body)}</table>"

    return render


def _jinja2(*, escape: bool) -> Renderer:
    import jinja2

    template = jinja2.Environment(autoescape=escape).from_string(_JINJA)  # noqa: S701 - compared
    return lambda rows: template.render(rows=rows)


def _mako(*, escape: bool) -> Renderer:
    from mako.template import Template  # type: ignore[import-untyped]

    lines = _MAKO.replace("% ", "\n% ").replace("\n\n", "\n")
    template = Template(lines, default_filters=["h"] if escape else ["str"])  # noqa: S702
    return lambda rows: str(template.render(rows=rows)).replace("\n", "")


def _minijinja(*, escape: bool) -> Renderer:
    import minijinja

    environment = minijinja.Environment(
        templates={"table.html": _JINJA}, auto_escape_callback=lambda _: escape
    )
    return lambda rows: environment.render_template("table.html", rows=rows)


RENDERERS: dict[str, Callable[..., Renderer]] = {
    "fstring": _fstring,
    "string_template": _string_template,
    "jinja2": _jinja2,
    "mako": _mako,
    "minijinja": _minijinja,
}


def renderer(name: str, *, escape: bool = True) -> Renderer:
    """Return a renderer of a table; an ImportError where its library is absent.

    MiniJinja writes three U+FFFD for a lone surrogate, the others keep it.

    >>> renderer("fstring")([["<b>"]])
    '<table><tr><td>&lt;b&gt;</td></tr></table>'
    """
    if name not in RENDERERS:
        raise TextError(f"unknown renderer {name!r}: choose one of {', '.join(RENDERERS)}")
    return RENDERERS[name](escape=escape)


class Account:
    """Something that an application passes to a template."""

    def __init__(self, name: str) -> None:
        self.name = name


SECRET = "not for templates"  # noqa: S105 - what the demonstration finds


def format_leaks(template: str) -> str:
    """Render a stranger's template with `str.format`: the wrong way, kept to be shown.

    >>> format_leaks("{0.__init__.__globals__[SECRET]}")
    'not for templates'
    """
    return template.format(Account("ann"))


def render_untrusted(template: str, context: Mapping[str, Any], *, budget_s: float = 2.0) -> str:
    """Render a stranger's template in Jinja2's sandbox, in a child with limits.

    The sandbox hides attributes; the child ends at its budget and, on Linux, at 512 MB, because
    `{{ "x" * 10**9 }}` needs neither an attribute nor a loop.

    Args:
        context: names and values, as JSON knows them.

    Raises:
        TemplateError: wrong syntax, a forbidden attribute, or one of the limits.
    """
    job = {"template": template, "context": dict(context)}
    call = f"{__name__}:sandboxed"
    try:
        lines, _ = _child.run(call, job, budget_s=budget_s, memory_mb=MEMORY_MB)
    except TextError as error:
        raise TemplateError(str(error)) from error
    if not lines:
        raise TemplateError(f"it did not end within {budget_s:g} s")
    return str(lines[0]["text"])


def sandboxed(template: str, context: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Yield a template's output, at most a million characters; meant for a child with limits.

    Raises:
        TemplateError: wrong syntax, a forbidden attribute, or too much output.
    """
    from jinja2 import TemplateError as JinjaError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(autoescape=True)
    environment.globals["range"] = _short_range
    parts, size = [], 0
    try:
        for part in environment.from_string(template).generate(**context):
            parts.append(part)
            size += len(part)
            if size > MAX_OUTPUT:
                raise OverflowError(f"the output is over {MAX_OUTPUT:,} characters")
    except (JinjaError, OverflowError, RecursionError, TypeError, ValueError) as error:
        raise TemplateError(f"{type(error).__name__}: {error}") from error
    yield {"text": "".join(parts)}


def _short_range(*arguments: int) -> range:
    numbers = range(*arguments)
    if len(numbers) > MAX_TEMPLATE_RANGE:
        raise OverflowError(f"a template's range holds at most {MAX_TEMPLATE_RANGE:,} numbers")
    return numbers
