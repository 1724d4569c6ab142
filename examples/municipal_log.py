"""`demo log` from export to report: two years of special assistance of a town, held against the truth built in.

All figures are SDs of logarithms of amounts: 0.12 is about 12 %.
"""

import json
import tempfile
from pathlib import Path

import noiseaudit as na
from noiseaudit.config import load_config
from noiseaudit.simulation.demo import write_demo


def line(name: str, part: object, truth: float) -> None:
    if part.status == "bounded":
        low, high = part.sd_bounds
        print(f"{name}: between {low:.3f} and {high:.3f}, true {truth:.3f}")
    else:
        low, high = part.sd_interval
        print(f"{name}: {part.sd:.3f} ({low:.3f} to {high:.3f}), true {truth:.3f}")


with tempfile.TemporaryDirectory() as folder:
    export = write_demo(Path(folder), name="log")[0]
    truth = json.loads((Path(folder) / "truth.json").read_text("utf-8"))
    design = na.AuditDesign(**load_config(Path(folder) / "noiseaudit.toml").settings)
    result = na.audit(export, design)
    page = na.write_report(result, Path(folder) / "report.html")
    print(page.stat().st_size, "bytes of report")

account = result.input
left_out = ", ".join(f"{row.n} {row.reason}" for row in account.rows_excluded)
print(f"{account.rows_read} rows read, {account.rows_used} used; left out: {left_out}")
log, noise = result.supplement.log, result.noise
line("level noise", noise.level, truth["level"]["sd"])
line("  between teams", result.supplement.offices.between, truth["level_between_offices"]["sd"])
line("  within teams", result.supplement.offices.within, truth["level_within_offices"]["sd"])
line("detectable pattern noise", noise.detectable_pattern, truth["detectable_pattern"]["sd"])
line("system noise", noise.system, truth["system"]["sd"])
line("occasion noise", noise.occasion, truth["occasion"]["sd"])
line("  from day to day", log.over_time.judge_days, truth["judge_day"]["sd"])
again = log.second_decisions
print(f"{again.cases} cases were decided twice; from these alone:")
line("  system noise", again.system, truth["system"]["sd"])
line("  occasion noise", again.occasion, truth["occasion"]["sd"])
kept = log.over_time.persistence
print(f"levels of one quarter and the next: {kept.value:.2f}, true {truth['persistence']['value']:.2f}")
spread = log.assignment.predicted
print(f"predicted amounts differ between professionals by {spread.eta:.2f} of their SD (p = {spread.p:.1g})")
