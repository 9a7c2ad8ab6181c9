# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "pandas==3.1.1", "scipy==1.17.1", "statsmodels==0.15.0"]
# ///
"""Run times (ms) of numpy, scipy and statsmodels for the analyses of `cargo bench -p mynah-stats --bench ratios`.

Reads a table of ratings and prints one line per step: name, tab, shortest wall-clock time of several runs.
The ordinal mixed model has no counterpart in statsmodels.
"""

import sys
import time
import warnings

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.stats import wilcoxon
from statsmodels.regression.mixed_linear_model import MixedLM

warnings.simplefilter("ignore")
table = pd.read_csv(sys.argv[1])
score = table.score.to_numpy(float)
rater, rater_names = pd.factorize(table.rater)
item, item_names = pd.factorize(table.item)
rng = np.random.default_rng(1)


def clustered():
    groups = np.column_stack([rater, item])
    sm.OLS(score, np.ones(len(score))).fit(cov_type="cluster", cov_kwds={"groups": groups})


def bootstrap():
    """All replicates at once: counts of the draws, and the matrix of ratings as dense as numpy likes it."""
    n_raters, n_items, n = len(rater_names), len(item_names), 10_000
    sums, counts = np.zeros((n_raters, n_items)), np.zeros((n_raters, n_items))
    np.add.at(sums, (rater, item), score)
    np.add.at(counts, (rater, item), 1.0)
    of_raters = rng.multinomial(n_raters, np.full(n_raters, 1 / n_raters), size=n).astype(float)
    of_items = rng.multinomial(n_items, np.full(n_items, 1 / n_items), size=n).astype(float)
    return ((of_raters @ sums) * of_items).sum(axis=1) / ((of_raters @ counts) * of_items).sum(axis=1)


def mixed():
    whole = np.zeros(len(score))
    parts = {"rater": "0 + C(rater)", "item": "0 + C(item)"}
    MixedLM.from_formula("score ~ 1", groups=whole, vc_formula=parts, re_formula="0", data=table).fit(reml=True)


for name, rounds, work in [
    ("signed rank", 20, lambda: wilcoxon(score, zero_method="pratt")),
    ("two-way clustered", 20, clustered),
    ("crossed bootstrap, 10,000", 5, bootstrap),
    ("linear mixed model", 1, mixed),
]:
    best = float("inf")
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begin)
    print(f"{name}\t{best * 1e3:.3f}")
