"""Public corpora by one command: checksum, resume, atomic rename, licence; never at import.

`python -m velvet_nlp fetch ud-ewt` needs a network once; nothing else of this module does. A file
is written beside its name as `.part`, goes on where it stopped, and takes its name only when its
SHA-256 is the one in the table. The checksums were published by others for the same revisions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from velvet_nlp.bio import read_bio, repair
from velvet_nlp.conllu import read_documents
from velvet_nlp.corpus import Document, Sentence, Token

CHUNK = 1 << 16
BEYOND_THE_END = 416  # HTTP: there is nothing after what was asked to go on from
_EWT = "https://raw.githubusercontent.com/UniversalDependencies/UD_English-EWT"
_EWT_REVISION = "4a4d77f599ea53cc405f85d0cec4b2f14f81d42b"
_WNUT = "https://raw.githubusercontent.com/leondz/emerging_entities_17/master"
# What WNUT's types are here; its creative works, groups and products have no class of their own.
WNUT_TYPES = {"person": "PER", "location": "LOC", "corporation": "ORG", "group": "ORG"}
DOCUMENT = 25  # sentences of a corpus without documents that are kept together


@dataclass(frozen=True)
class Remote:
    """A public corpus: its files with their SHA-256, and what may be done with it."""

    base: str
    files: dict[str, str]
    licence: str
    citation: str
    form: str


CORPORA = {
    "ud-ewt": Remote(
        f"{_EWT}/{_EWT_REVISION}",
        {
            "en_ewt-ud-train.conllu": (
                "d68e06122a702464c613076523d56740f047e5bbe89dd90ec32737e04d952143"
            ),
            "en_ewt-ud-dev.conllu": (
                "39239e0a60db3ae68f4b7036189f11b6692741d10ff8240dd91f74f2760d90f8"
            ),
            "en_ewt-ud-test.conllu": (
                "fa024f43dc5da3c5ac02563bc9bd0e974f46cbb1560823976a8f342a37dc494a"
            ),
        },
        "CC BY-SA 4.0",
        "Silveira et al. (2014), A Gold Standard Dependency Corpus for English",
        "conllu",
    ),
    "wnut17": Remote(
        _WNUT,
        {
            "wnut17train.conll": "731820e13f71af324c6b55a1575ec2ce59fbaa2a0806f8f0400b98d56cd6a7a5",
            "emerging.dev.conll": (
                "e053b752b8155113ca66e7db08af5f2f5f43ab993694e4774f1ec5bad42312d8"
            ),
            "emerging.test.annotated": (
                "2aa79b764e56ec9264a1b30fdd9b70195bd00ff400b62edd8f399d5f13c178f0"
            ),
        },
        "CC BY 4.0",
        "Derczynski et al. (2017), Results of the WNUT2017 Shared Task",
        "bio",
    ),
}


class ChecksumError(ValueError):
    """A file is not the one that the table names; it was deleted."""


def _corpus(name: str) -> Remote:
    if name not in CORPORA:
        raise ValueError(f"unknown corpus {name!r}: choose one of {', '.join(CORPORA)}")
    return CORPORA[name]


def sha256(path: Path) -> str:
    """Return the checksum of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while block := source.read(CHUNK):
            digest.update(block)
    return digest.hexdigest()


def fetch_corpus(name: str, folder: Path, *, opener: Callable[..., Any] = urlopen) -> list[Path]:
    """Return the files of a corpus, after downloading what is not there.

    Raises:
        ValueError: there is no such corpus.
        ChecksumError: a file arrived that is not the expected one.
        OSError: the network or the disk failed; the next call goes on where this one stopped.
    """
    corpus, found = _corpus(name), []
    where = folder / name
    where.mkdir(parents=True, exist_ok=True)
    for file, wanted in corpus.files.items():
        path = where / file
        if not path.is_file() or sha256(path) != wanted:
            _download(f"{corpus.base}/{file}", path, wanted, opener)
        found.append(path)
    return found


def _download(url: str, path: Path, wanted: str, opener: Callable[..., Any]) -> None:
    part = path.with_name(path.name + ".part")
    have = part.stat().st_size if part.is_file() else 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    request = Request(url, headers=headers)  # noqa: S310 - https, from the table above
    try:
        with opener(request, timeout=30) as answer:
            resumed = have and getattr(answer, "status", 200) == 206
            with part.open("ab" if resumed else "wb") as target:
                while block := answer.read(CHUNK):
                    target.write(block)
    except HTTPError as error:
        if error.code != BEYOND_THE_END:
            raise
        # The file was whole when the last call ended, or it is another one: its checksum decides.
    if (got := sha256(part)) != wanted:
        part.unlink()
        raise ChecksumError(f"{url} has the SHA-256 {got}, not {wanted}: it was deleted, try again")
    part.replace(path)


def load_corpus(name: str, folder: Path) -> list[Document]:
    """Return the documents of a corpus that `fetch_corpus` put into a folder.

    Raises:
        ValueError: there is no such corpus.
        FileNotFoundError: it was not fetched; the message has the command.
    """
    corpus, found = _corpus(name), []
    for file in corpus.files:
        path = folder / name / file
        if not path.is_file():
            raise FileNotFoundError(f"{path} is not there: python -m velvet_nlp fetch {name}")
        with path.open(encoding="utf-8", newline="") as lines:
            if corpus.form == "conllu":
                found += read_documents(lines, domain=file.split("-")[0])
            else:
                found += _bio_documents(path.stem, [list(one) for one in read_bio(lines)])
    return found


def _bio_documents(name: str, rows: list[list[tuple[str, str]]]) -> list[Document]:
    """Return sentences in documents of `DOCUMENT` each, with the types of this module."""
    sentences = []
    for number, row in enumerate(rows, 1):
        tokens, text = [], ""
        kinds = [tag[2:] and WNUT_TYPES.get(tag[2:], "MISC") for _, tag in row]
        tags = repair(
            [f"{tag[0]}-{k}" if k else "O" for (_, tag), k in zip(row, kinds, strict=True)]
        )
        for (word, _), tag in zip(row, tags, strict=True):
            tokens.append(Token(word, len(text), len(text) + len(word), "X", tag))
            text += word + " "
        sentences.append(Sentence(f"{name}-{number}", text.rstrip(), tuple(tokens)))
    return [
        Document(f"{name}-{at // DOCUMENT}", name, tuple(sentences[at : at + DOCUMENT]))
        for at in range(0, len(sentences), DOCUMENT)
    ]
