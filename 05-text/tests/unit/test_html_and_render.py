"""HTML by six tools, tables by five renderers, and templates of strangers."""

from __future__ import annotations

import html
from pathlib import Path

import pytest

from velvet_text import html_text, render
from velvet_text.errors import TemplateError, TextError

RIGHT = [name for name in html_text.TOOLS if name != "re_sub"]
PAGE = (
    "<style>a{}</style><script>'<a href=\"no\">'</script><!-- <a href='c'> --><p>A &amp; B<br>x</p>"
    '<a href="one?a=1&amp;b=2">One</a> <a href=two>Two</a><a name=x>n</a><template>t</template>'
)


@pytest.mark.parametrize("name", RIGHT)
def test_the_parsers_agree(name: str) -> None:
    tool = html_text.tool(name)

    assert tool.links(PAGE) == ["one?a=1&b=2", "two"]
    assert tool.text(PAGE) == "A & B x One Two n"


def test_a_pattern_is_wrong_about_scripts_comments_quotes_and_entities() -> None:
    tool = html_text.tool("re_sub")

    assert tool.links(PAGE) == ["no", "one?a=1&amp;b=2"]
    assert "a{}" in tool.text(PAGE)


@pytest.mark.parametrize("name", list(html_text.TOOLS))
@pytest.mark.parametrize("text", ["", "<", "\ud800<p>", "\0<b>", "</p></p>", "<script><a href=q>"])
def test_every_tool_takes_every_text(name: str, text: str) -> None:
    tool = html_text.tool(name)

    assert tool.links(text) == []
    assert isinstance(tool.text(text), str)


@pytest.mark.parametrize("name", list(html_text.TOOLS))
def test_five_thousand_nested_elements_are_read_or_refused(name: str) -> None:
    tool = html_text.tool(name)
    deep = "<div>" * 5000 + "x<a href=y>" + "</div>" * 5000

    assert tool.text("<div>" * 300 + "x") == "x"
    if name == "lxml":
        with pytest.raises(TextError, match="2,048"):
            tool.text(deep)
    else:
        assert tool.text(deep) == "x"


def test_a_document_has_a_limit() -> None:
    assert html_text.tool("re_sub").text("x" * 20_000_000) == "x" * 20_000_000
    with pytest.raises(TextError, match="20,000,000"):
        html_text.tool("re_sub").text("x" * 20_000_001)
    with pytest.raises(TextError, match="unknown tool"):
        html_text.tool("sax")


# Named references as HTML (section 13.5) and CommonMark (section 2.5) give them.
@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("&nbsp;&amp;&copy;&AElig;", "\xa0&©Æ"), ("&ngE;&ClockwiseContourIntegral;", "≧̸∲"),
        ("&#35;&#1234;&#992;&#0;", "#Ӓ\u03e0\ufffd"), ("&#X22;&#XD06;&#xcab;", '"ആಫ'),
        ("&MadeUpEntity; &#x110000;", "&MadeUpEntity; \ufffd"), ("&copy", "©"),
    ],
)  # fmt: skip
def test_named_references(text: str, plain: str) -> None:
    assert html.unescape(text) == plain


@pytest.mark.parametrize("name", list(render.RENDERERS))
@pytest.mark.parametrize("escape", [True, False])
def test_the_renderers_agree(name: str, escape: bool) -> None:
    rows = [["<b>", 1], ["&", "%s{0.__class__}${x}{{ y }}"]]
    quote = html.escape if escape else str
    want = "".join(
        "<tr>" + "".join(f"<td>{quote(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )

    assert render.renderer(name, escape=escape)(rows) == f"<table>{want}</table>"


@pytest.mark.parametrize("name", list(render.RENDERERS))
def test_every_renderer_takes_every_text(name: str, hard_text: str) -> None:
    want = hard_text
    if name == "minijinja":  # it works on UTF-8: one U+FFFD for each byte of a lone surrogate
        want = "".join("\ufffd" * 3 if "\ud800" <= c <= "\udfff" else c for c in hard_text)

    assert render.renderer(name)([[hard_text]]) == f"<table><tr><td>{want}</td></tr></table>"


def test_format_reads_globals_and_the_sandbox_does_not() -> None:
    assert render.format_leaks("{0.__init__.__globals__[SECRET]}") == render.SECRET
    with pytest.raises(TextError, match="unknown renderer"):
        render.renderer("php")


# The escapes that the documentation of Jinja2's sandbox speaks of, and templates without an end.
@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{{ ().__class__.__base__.__subclasses__() }}", "SecurityError"),
        ("{{ f.__func__.__globals__ }}", "UndefinedError|SecurityError"),
        ("{{ '{0.__class__.__mro__}'.format(1) }}", "SecurityError"),
        ("{{ x.append(1) }}", "SecurityError"), ("{{ ", "TemplateSyntaxError"),
        ("{% for i in range(10_001) %}x{% endfor %}", "at most 10,000"),
        ("{% for i in range(1_000) %}" + 1_000 * "x" + "{% endfor %}y", "over 1,000,000"),
        ("{% for i in range(9999) %}{% for j in range(9999) %}xx{% endfor %}{% endfor %}", "1,000,000"),
    ],
)  # fmt: skip
def test_the_sandbox_refuses(template: str, words: str) -> None:
    with pytest.raises(TemplateError, match=words):
        list(render.sandboxed(template, {"x": [], "f": 1}))


def test_the_sandbox_renders_as_much_as_the_limits_say() -> None:
    template = "{% for i in range(10_000) %}" + 100 * "x" + "{% endfor %}"

    assert next(iter(render.sandboxed(template, {})))["text"] == "x" * 1_000_000


def test_the_sandbox_renders_and_escapes() -> None:
    assert next(iter(render.sandboxed("%s%n{0.__class__}{{ x }}", {"x": "<"})))["text"] == (
        "%s%n{0.__class__}&lt;"
    )


def test_no_file_of_the_lesson_opens_text_without_an_encoding() -> None:
    for path in Path(render.__file__).parent.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        assert "open()" not in source, path
        assert "read_text()" not in source, path
