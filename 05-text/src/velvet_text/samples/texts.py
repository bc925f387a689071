# ruff: noqa: RUF001 - letters that look alike are its subject
"""Texts made by rule from a seed: words, keywords, access logs, messages, HTML, languages."""

from __future__ import annotations

import json
import random
from functools import lru_cache
from pathlib import Path

SEED = 20260101
_SYLLABLES = (
    "ka", "lo", "mi", "ren", "tas", "vel", "pon", "dri", "shu", "mar", "eli", "bo", "chan", "tor",
    "ves", "qui", "nal", "per", "sol", "fin",
)  # fmt: skip
_CONSONANTS = "bcdfghjklmnprstvz"
_PATHS = ("/", "/cart", "/img/logo.png", "/api/v1/items/{}", "/search?q={}", "/user/{}/orders")
_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120 Safari/537",
    "curl/8.5.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14) AppleWebKit/605.1.15 Version/17 Safari/605.1.15",
)
MESSAGES = (
    "Accepted connection from {h} port {n}",
    "User {w} logged in from {h}",
    "User {w} failed to log in: bad password ({n} attempts)",
    "Request {u} finished in {f} ms with status {n}",
    "Cache miss for key {w}:{n}, loading from disk",
    "Worker {n} started on core {n}",
    "Worker {n} stopped after {n} jobs",
    "Disk {w} is {n} percent full",
    "Retry {n} of {n} for job {u}",
    "Configuration {w} reloaded: {n} keys changed",
)

# A sentence or three in each language, with the code pages that its old files are in.
LANGUAGES: dict[str, tuple[tuple[str, ...], str]] = {
    "French": (("utf-8", "cp1252", "iso8859-15"), "Où êtes-vous allés cet été ? Nous avons déjà mangé à la plage, près du château où l'élève français a été reçu. Ça m'a plu énormément, même très tôt."),
    "German": (("utf-8", "cp1252", "cp850"), "Die Vögel zwitschern früh über den Dächern. Wir möchten größere Äpfel und süße Brötchen kaufen, aber der Bäcker schließt schon um fünf."),
    "Spanish": (("utf-8", "cp1252"), "Mañana iré al colegio con mi compañero. ¿Cuándo llegará el avión? El niño soñó con un león y una araña pequeña que vivía allí."),
    "Polish": (("utf-8", "cp1250", "iso8859-2"), "Żółta łódź płynęła powoli przez zieloną rzekę. Chłopiec zobaczył gęś i krzyknął głośno, że już późno wracać do domu."),
    "Russian": (("utf-8", "cp1251", "koi8-r", "cp866"), "Утром мы вышли из дома и пошли к реке. Погода была хорошая, и дети громко смеялись. Потом мы долго сидели на берегу."),
    "Greek": (("utf-8", "cp1253", "iso8859-7"), "Το πρωί βγήκαμε από το σπίτι και πήγαμε στη θάλασσα. Ο καιρός ήταν καλός και τα παιδιά γελούσαν δυνατά."),
    "Japanese": (("utf-8", "shift_jis", "euc_jp"), "昨日は友達と一緒に映画を見に行きました。とても面白かったので、また来週も行くつもりです。天気も良かったです。"),
    "Chinese": (("utf-8", "gb18030", "big5"), "今天天氣很好，我們一起去公園散步。孩子們在草地上跑來跑去，大家都很開心。晚上我們回家吃飯。"),
    "Korean": (("utf-8", "euc_kr"), "오늘은 날씨가 좋아서 친구와 함께 공원에 갔습니다. 아이들은 잔디밭에서 뛰어놀았고 우리는 오래 이야기했습니다."),
}  # fmt: skip


def words(count: int, *, seed: int = SEED) -> list[str]:
    """Return distinct made-up words of five to eleven letters."""
    rng = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        pairs = (rng.choice(_CONSONANTS) + rng.choice("aeiou") for _ in range(rng.randint(2, 5)))
        found["".join(pairs) + rng.choice(_CONSONANTS)] = None
    return list(found)


def keyword_text(keywords: int, characters: int = 319_000) -> tuple[list[str], str]:
    """Return keywords and a text: one word of twenty is a keyword, one an inflected keyword."""
    vocabulary = words(keywords + 4_000)
    chosen, rest = vocabulary[:keywords], vocabulary[keywords:]
    rng = random.Random(SEED)
    parts, size = [], 0
    while size < characters:
        kind = rng.random()
        word = rng.choice(chosen if kind < 0.1 else rest)
        word += "ing" if kind < 0.05 else ""
        word += rng.choice((" ", " ", " ", ", ", ". "))
        parts.append(word)
        size += len(word)
    return chosen, "".join(parts)


def access_line(rng: random.Random) -> str:
    """Return one line of an access log in the combined format."""
    path = rng.choice(_PATHS).format(rng.randrange(100_000))
    time = f"{rng.randint(1, 28):02d}/Jan/2026:{rng.randrange(24):02d}:{rng.randrange(60):02d}:00 +0000"
    return (
        f'host-{rng.randrange(5000)}.example - {rng.choice(("-", "ann", "bob"))} [{time}] '
        f'"{rng.choice(("GET", "GET", "POST"))} {path} HTTP/1.1" {rng.choice((200, 200, 304, 404))} '
        f'{rng.choice(("-", str(rng.randrange(90_000))))} "https://shop.example/" "{rng.choice(_AGENTS)}"'
    )


@lru_cache(maxsize=4)
def access_log(lines: int, *, bad: float = 0.0) -> tuple[str, ...]:
    """Return an access log, a share of whose lines is cut off in the middle."""
    rng = random.Random(SEED)
    made = (access_line(rng) for _ in range(lines))
    return tuple(line[: len(line) // 2] if rng.random() < bad else line for line in made)


def write_log(path: Path, lines: int, *, bad: float = 0.0) -> Path:
    """Write an access log to a file."""
    text = "\n".join(access_log(lines, bad=bad)) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def json_lines(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Return the lines of a log as JSON objects."""
    from dataclasses import asdict

    from velvet_text.logs import parser

    parse = parser("negated")
    return tuple(json.dumps(asdict(found)) for line in lines if (found := parse(line)))


def messages(count: int) -> list[str]:
    """Return log messages from ten templates."""
    rng = random.Random(SEED)
    made = []
    for _ in range(count):
        words = {"h": f"host-{rng.randrange(500)}.example", "n": rng.randrange(10_000)}
        words |= {"w": rng.choice(_SYLLABLES), "f": f"{rng.random() * 100:.3f}"}
        words["u"] = f"{rng.getrandbits(32):08x}-0000-4000-8000-{rng.getrandbits(48):012x}"
        made.append(rng.choice(MESSAGES).format(**words))
    return made


def page(links: int) -> str:
    """Return an HTML page with links, a script, a comment and entities."""
    rng = random.Random(SEED)
    body = (
        f'<div class="row"><p>Item {i} &amp; <b>{rng.choice(_SYLLABLES)}</b></p>'
        f'<a class="l" href="/item/{i}?a=1&amp;b=2">open {i}</a></div>'
        for i in range(links)
    )
    hidden = '<script>var x = \'<a href="/hidden">\';</script><!-- <a href="/old">old</a> -->'
    return f"<html><head><title>t</title></head><body>{hidden}{''.join(body)}</body></html>"


def table(rows: int = 1000, columns: int = 10) -> list[list[str]]:
    """Return cells of which some need escaping."""
    return [
        [f"<{r} & {c}>" if c % 3 == 0 else f"cell {r}-{c}" for c in range(columns)]
        for r in range(rows)
    ]


def mixed_script(characters: int = 102_000) -> str:
    """Return text in six scripts, with emoji and combining marks."""
    parts = [text for _, text in LANGUAGES.values()]
    line = " ".join([*parts[:1], *parts[4:]]) + " नमस्ते दुनिया 👨‍👩‍👧 🇨🇭 e\u0301 สวัสดี "
    return (line * (characters // len(line) + 1))[:characters]
