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
        "broadcasting_explained": (
            r"no result: axis -1 has 3 and 4 elements",
            r"^result +8  7  6$",
        ),
        "believe_the_digits": (
            r"^14  .* refused: no digit can be believed",
            r"two passes 0\.08\d\d$",
            r"stable -1\.0000e-08",
            r"sum\(axis=0\) 4[34]\d,\d{3}",
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
