"""What holds for every module, with what each example of this one shows."""

from velvet.testing import ModuleTests


class TestModule(ModuleTests):
    """The examples, the declarations, the dashboard and the docstrings."""

    expected = {
        "same_answer": r"list:       \[3, 1, 2\]\ndictionary: \[3, 1, 2\]",
        "first_of_each": "banana, cherry, apple",
        "nothing_to_keep": r"\[\] \[\] \[7\]",
        "comparisons": r"400 items: +\d+ comparisons, 4\.0 times as many",
        "hash_calls": r"400 items: +400 hashes, 2\.0 times as many",
        "equal_items": r"dictionary: \[1, 2\]",
        "unhashable": "dictionary: unhashable type: 'list'",
        "by_a_key": r"\[\[1\], \[2\]\]",
        "not_a_number": "list: 2 of 3, dictionary: 2 of 3",
    }
