"""Text that attackers write into columns, values, names and settings, and what a page is made of."""

from __future__ import annotations

from html.parser import HTMLParser

FORMULAS = (
    "=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\x00=1", "＝1+1", "＋1", "－1", "＠x",
    "\x1b=1", "\u200b=1",
)  # fmt: skip
MARKUP = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover=alert(1) x='",
    "</pre></title></style></svg><script>alert(1)</script>",
    "<svg/onload=alert(1)>",
    "]]><!--",
    "{{7*7}}{% for %}",
    "$\\frac{1}$ & &lt;b&gt;",
    "url(https://evil.invalid/x) javascript:alert(1)",
)
ESCAPES = "\x1b[31mX\x1b]0;title\x07\x9b31m\x08\x7f\u202e"
CONSOLE = "[red]x[/red][/][link=https://evil.invalid]"
PATHS = ("../../evil", "/tmp/evil", "CON", "a:b", "x" * 300, "😀", ".", "~", "nul\\..\\evil")
SQL = ('"; DROP VIEW source; --', "' OR 1=1 --", "c0", "row", "x'); COPY source TO '/tmp/evil'; --", "{0}", "\\'")


def steers_a_terminal(text: str) -> set[str]:
    """The characters of a text that a terminal would obey, or that hide what follows."""
    return {repr(ch) for ch in text if not (ch.isprintable() or ch in "\n\t\u00a0")}


class Elements(HTMLParser):
    """Every element of a page with the names of its attributes, and the text of its <pre>."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[tuple[str, ...]] = set()
        self.policy = self.copy = ""
        self._inside = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add((tag, *sorted(name for name, _ in attrs)))
        values = dict(attrs)
        if values.get("http-equiv") == "Content-Security-Policy":
            self.policy = values["content"] or ""
        for name in ("src", "href", "xlink:href"):
            assert (values.get(name) or "#").startswith(("#", "data:image/png;base64,")), values
        self._inside = tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.copy += data
