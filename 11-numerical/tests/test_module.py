"""What holds for every module, with what each example of this one shows."""

from velvet.testing import ModuleTests


class TestModule(ModuleTests):
    """The examples, the declarations, the dashboard and the docstrings."""

    expected = {
        "anatomy": (
            r"^a\.T +\(4, 3\) +\(8, 32\) +F +1 +\+0  a$",
            r"^a\[\[0, 2\]\] .* new  its own$",
            r"a\[2, 3\] lies at 2\*32 \+ 3\*8 = 88 bytes",
        ),
        "hundred_x": (r"^sort +[\d.]+", r"^dot .* n = \d+$", r"smallest: \w+ [\d.]+x"),
        "copy_or_view": "^16/16 correct$",
        "what_wraps": (
            r"uint8: wraps to 44$",
            r"uint8: raises OverflowError$",
            r"^uint64 +float64 +uint64$",
        ),
        "temporaries_by_line": (r"arrays of 8\.4 MB made: 2", r"arrays of 8\.4 MB made: 1"),
        "formulas_that_survive": (
            r"^log\(sum\(exp\(x\)\)\) +inf +1001\.31$",
            r"^x \. y = 1 +0 +1$",
            r"merged from four parts: 5\.2500$",
        ),
        "sort_on_disk": (
            r"^the same values: True$",
            r"left beside it: \['sorted\.npy', 'values\.npy'\]",
            "MemoryBudgetExceeded",
        ),
        "broadcasting_explained": (
            r"no result: axis -1 has 3 and 4 elements",
            r"^result +8  7  6$",
        ),
        "believe_the_digits": (
            r"^14  .* refused: no digit can be believed",
            r"two passes 0\.08\d\d$",
            r"stable -1\.0000e-08",
            r"sum\(axis=0\) (?!419)\d{3},\d{3}",
        ),
        "numba_when": r"recurrence( +[\d.]+){4} +[\d,]+ calls|Numba is not installed",
        "roofline": (r"^\+-{56}$", r"^f matmul +blas +[\d.]+ +[\d.]+"),
        "out_of_core": (r"readinto: .*grown by [\d.]+ of 150 MB allowed", "^same mean: True$"),
        "portable_gpu": (
            r"^numpy:cpu +[\d.]+ ms, largest difference 0\.0e\+00",
            r"^array_api_strict:cpu .* largest difference [0-9.]+e[-+]\d+",
            r"^cupy",
        ),
        "parallel_streams": ("^identical: True$", r"one seed twice: 1\d\d sigma|: 100 sigma"),
    }
