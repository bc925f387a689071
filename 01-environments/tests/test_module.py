"""What holds for every module, with what each example of this one shows."""

from velvet.testing import ModuleTests


class TestModule(ModuleTests):
    """The examples, the declarations, the dashboard and the docstrings."""

    expected = {}
