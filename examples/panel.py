"""A panel from a simulation: audit it, read the figures, write the report."""

import tempfile
from pathlib import Path

import noiseaudit as na

sim = na.simulate(judges=20, cases=60, level=0.3, stable_pattern=0.5, occasion=0.3, repeats=(1, 2), mean=10, seed=1)
result = na.audit(sim.data, case="case", judge="judge", decision="decision", occasion="occasion", unit="months")

print(result)
for name in ("system", "level", "stable_pattern", "occasion"):
    part, true = getattr(result.noise, name), getattr(sim.truth, name) ** 0.5
    low, high = part.sd_interval
    print(f"{name}: SD {part.sd:.2f} [{low:.2f}, {high:.2f}], true {true:.2f}")

with tempfile.TemporaryDirectory() as folder:
    page = na.write_report(result, Path(folder) / "report.html")
    print(page.stat().st_size, "bytes of report")
