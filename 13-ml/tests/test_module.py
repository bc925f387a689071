"""What holds for every module, with what each example of this one shows."""

from velvet.testing import ModuleTests


class TestModule(ModuleTests):
    """The examples, the declarations, the dashboard and the docstrings."""

    expected = {
        "leakage_four_ways": (
            r"^selection +0\.[789]\d +0\.[3-6]\d$",
            r"^group +1\.00 +0\.[3-6]\d$",
            r"outside the folds: shuffled labels score 0\.[6-9]\d: leaks$",
            r"inside the folds: shuffled labels score 0\.[3-6]\d: clean$",
            r"^KFold: group: \d+ times",
            "^GroupKFold: nothing found$",
        ),
        "registry_tour": (
            "^StageConflict: churn/production is at 1 by now, not at 2$",
            "^  churn version 1: expected",
            r"(?s)production: None -> 2.*2 -> 1.*1 -> 2",
            r"^- \*\*score\*\*: AUC 0\.\d+",
        ),
        "unsafe_pickle": (
            "^pickle: executed$",
            "^joblib: executed$",
            "^velvet_ml: refused, model.joblib is a pickle",
            "^the marker is there: False$",
            r"refused, \('__main__.Evil',\)$",
        ),
        "onnx_parity": (
            r"^boosting +plain .* 0  opens$",
            r"^boosting +shifted .* refuses$",
            "^  386 rows: .* 0 labels flipped$",
            r"(?s)^ParityError: .*centre\s+tenure_months\s+in\s+the\s+contract",
        ),
        "peeking": (
            r"^peek_100 +3\d\.\d%",
            r"^pocock +[3-6]\.\d%",
            r"^msprt +[0-4]\.\d%",
            "sample ratio p = 0.76$",
        ),
        "cuped_power": (r"^ +0\.5 +0\.7[3-7]\d +0\.750$", r"views as users [12]\d\.\d%, delta"),
        "virtual_vs_concept": (
            r"^none +- +0\.\d\d  ok",
            r"^covariate +site_visits .* covariate drift",
            r"^concept +- +0\.[23]\d  concept drift suspected",
            r"^unit_change .* data quality",
            r"boosting classifier: AUC 0\.[789]",
        ),
        "drift_race": (r"^cusum \([\d.]+\) +[\d,]+ +\d+", r"^ADWIN, ours +(inf|[\d,]+) +\d+"),
        "canary_rollback": (
            r"^good .*100 % at [\d,]+; no harm seen$",
            r"^fails .*; rolled back: errors$",
            r"^slow .*; rolled back: slow$",
            "20 answers, 5 given up",
        ),
        "serving_shootout": (
            r"^sklearn +[\d,]+ us a row",
            "^batched 50 rows in",
            "300 answered, 0 failed$",
        ),
        "scale_out": (r"^serial +start", r"^loky +start", r"^dask +(is installed|not installed)"),
    }
