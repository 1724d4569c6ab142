"""Harsher professionals get the harder cases: with all that matters in the log, and with one feature left out.

The full log names x4 as the strongest difference between professionals' cases. Without it nothing in the log can say
so: the test of assignment still warns that cases were not dealt out alike, and level noise is what x4 makes of it.
"""

import noiseaudit as na

SETTINGS = {"judges": 60, "cases": 5000, "assignment": "confounded", "seed": 3}
ROLES = {"case": "case", "judge": "judge", "decision": "decision", "design": "log"}


def show(name: str, result: na.AuditResult, truth: float) -> None:
    level, sensitivity = result.noise.level, result.supplement.log.sensitivity
    low, high = level.sd_interval
    print(f"{name}: level noise {level.sd:.2f} ({low:.2f} to {high:.2f}), true {truth**0.5:.2f}")
    spread = result.supplement.log.assignment.predicted
    if spread:
        print(
            f"  the predicted decision differs between professionals by {spread.eta:.2f} of its SD (p = {spread.p:.0e})"
        )
    if sensitivity:
        print(
            f"  an unmeasured difference would have to be {sensitivity.ratio:.1f} times as strong as "
            f"{sensitivity.strongest} to explain it away"
        )


for omitted in ((), ("x4",)):
    log = na.simulate_log(**SETTINGS, omit=omitted)
    features = [name for name in log.data if name not in ("case", "judge", "decision", "moment")]
    if not omitted:
        show("No features", na.audit(log.data, **ROLES), log.truth.level)
    found = na.audit(log.data, **ROLES, features=features)
    show("All features" if not omitted else "Without x4", found, log.truth.level)
