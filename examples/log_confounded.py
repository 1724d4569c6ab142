"""Harsher professionals get the harder cases: with all that matters in the log, and with one feature left out.

With all of it in the log, level noise is right on average. In the second log professionals do not differ at all. Leave
out `kind` and they seem to: the test of assignment warns, and a difference as strong as x4 would explain it away, so
the robustness ratio points to what is missing. Leave out x4, the strongest, and the ratio can only look at weaker ones.
"""

import statistics

import pandas as pd

import noiseaudit as na

ROLES = {"case": "case", "judge": "judge", "decision": "decision", "design": "log"}
NO_FEATURES = ("case", "judge", "decision", "moment")


def audited(rows: pd.DataFrame, *, features: bool = True) -> na.AuditResult:
    names = [name for name in rows if name not in NO_FEATURES] if features else []
    return na.audit(rows, **ROLES, features=names)


def show(name: str, result: na.AuditResult) -> None:
    level, log = result.noise.level, result.supplement.log
    low, high = level.sd_interval
    spread, sensitivity = log.assignment.predicted, log.sensitivity
    print(f"{name}: level noise {level.sd:.2f} ({low:.2f} to {high:.2f})")
    chance = "p < 0.001" if spread.p < 0.001 else f"p = {spread.p:.2f}"
    print(f"  the usual decision differs between professionals by {spread.eta:.2f} of its spread ({chance})")
    print(
        f"  a difference {sensitivity.ratio:.1f} times as strong as {sensitivity.strongest} would explain it away, "
        f"and {sensitivity.ratio_low:.1f} times its lower limit"
    )


towns = [na.simulate_log(judges=120, cases=4800, level=0.2, assignment="confounded", seed=seed) for seed in range(1, 7)]
true = towns[0].truth.level
ratios = [audited(town.data).noise.level.variance / true for town in towns]
bare = audited(towns[0].data, features=False).noise.level.variance / true
print(f"level noise squared over the truth, one log without features: {bare:.1f}")
print(f"the same with all features, six logs: {statistics.mean(ratios):.2f}")

nobody = {"judges": 60, "cases": 5000, "level": 0.0, "assignment": "confounded", "seed": 1}
print("Professionals who do not differ:")
show("all features", audited(na.simulate_log(**nobody).data))
for left_out in ("kind", "x4"):
    show(f"without {left_out}", audited(na.simulate_log(**nobody, omit=left_out).data))
