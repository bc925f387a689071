"""Links and text from HTML: six tools, one of them wrong.

HTML is not regular: a link in a script or a comment is no link, an attribute may lack its quotes,
an entity must be decoded. A pattern gets each of these wrong, quickly. The parsers here drop
`script`, `style` and `template`, join the rest, and collapse white space.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from typing import NamedTuple

from velvet_text.errors import TextError

DROPPED = frozenset({"script", "style", "template"})
MAX_HTML = 20_000_000


class HtmlTool(NamedTuple):
    """Two functions of one library."""

    links: Callable[[str], list[str]]
    text: Callable[[str], str]


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _re_sub() -> HtmlTool:
    """Return the wrong way, kept to be measured."""
    href, tag = re.compile(r'<a[^>]*href="([^"]*)"'), re.compile(r"<[^>]*>")
    return HtmlTool(href.findall, lambda html: _squeezed(unescape(tag.sub(" ", html))))


class _Collector(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.hrefs: list[str] = []
        self.parts: list[str] = []
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in DROPPED:
            self._depth += 1
        elif tag == "a" and not self._depth:
            self.hrefs += [value or "" for name, value in attrs if name == "href"][:1]

    def handle_endtag(self, tag: str) -> None:
        if tag in DROPPED:
            self._depth = max(0, self._depth - 1)

    def handle_data(self, data: str) -> None:
        if not self._depth:
            self.parts.append(data)


def _html_parser() -> HtmlTool:
    def collected(html: str) -> _Collector:
        collector = _Collector()
        collector.feed(html)
        collector.close()
        return collector

    return HtmlTool(
        lambda html: collected(html).hrefs, lambda html: _squeezed(" ".join(collected(html).parts))
    )


def _bs4(backend: str) -> HtmlTool:
    import bs4

    def soup(html: str) -> bs4.BeautifulSoup:
        made = bs4.BeautifulSoup(html, backend)
        for node in made(list(DROPPED)):
            node.extract()
        return made

    def text(html: str) -> str:
        return _squeezed(soup(html).get_text(" "))

    return HtmlTool(lambda html: [str(a["href"]) for a in soup(html)("a", href=True)], text)


def _lxml() -> HtmlTool:
    import lxml.etree
    import lxml.html

    def tree(html: str) -> lxml.html.HtmlElement:
        # Without `huge_tree` libxml2 stops at 256 levels, with it at 2,048.
        parser = lxml.html.HTMLParser(encoding="utf-8", huge_tree=True)
        try:
            made = lxml.html.document_fromstring(html.encode(), parser=parser)
        except lxml.etree.ParserError:  # its word for a document without any element
            return lxml.html.Element("html")
        if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
            raise TextError("lxml drops what is nested over 2,048 deep: use selectolax")
        lxml.etree.strip_elements(made, *DROPPED, with_tail=False)
        return made

    def text(html: str) -> str:
        return _squeezed(
            " ".join(str(part) for part in tree(html).itertext(tag=lxml.etree.Element))
        )

    return HtmlTool(
        lambda html: [str(a.get("href")) for a in tree(html).iterfind(".//a[@href]")], text
    )


def _selectolax() -> HtmlTool:
    from selectolax.lexbor import LexborHTMLParser

    def tree(html: str) -> LexborHTMLParser:
        made = LexborHTMLParser(html)
        made.strip_tags(list(DROPPED))
        return made

    def text(html: str) -> str:
        root = tree(html).root
        return "" if root is None else _squeezed(root.text(separator=" "))

    def links(html: str) -> list[str]:
        return [node.attributes["href"] or "" for node in tree(html).css("a[href]")]

    return HtmlTool(links, text)


TOOLS: dict[str, Callable[[], HtmlTool]] = {
    "re_sub": _re_sub,
    "html_parser": _html_parser,
    "bs4_html_parser": lambda: _bs4("html.parser"),
    "bs4_lxml": lambda: _bs4("lxml"),
    "lxml": _lxml,
    "selectolax": _selectolax,
}


def tool(name: str) -> HtmlTool:
    """Return a tool by name; an ImportError where its library is absent.

    Its functions raise a TextError for more than twenty million characters, and where the library
    would drop a part of the document silently.

    >>> tool("html_parser").links("<!-- <a href=no> --><a href=yes>")
    ['yes']
    """
    if name not in TOOLS:
        raise TextError(f"unknown tool {name!r}: choose one of {', '.join(TOOLS)}")
    links, text = TOOLS[name]()
    return HtmlTool(lambda html: links(_checked(html)), lambda html: text(_checked(html)))


def _checked(html: str) -> str:
    """Return a document that every library takes: zeros and lone surrogates become U+FFFD."""
    if len(html) > MAX_HTML:
        raise TextError(f"{len(html):,} characters of HTML are over {MAX_HTML:,}: parse a stream")
    if not html.isascii():
        html = html.encode("utf-8", "replace").decode()
    return html.replace("\0", "\ufffd")
