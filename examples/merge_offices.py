"""Two halves of a log are counted apart; their cells merge to what one table would have given."""

import noiseaudit as na
from noiseaudit.estimators.panel import estimate_panel

sim = na.simulate(judges=16, cases=80, per_case=4, seed=3)
whole = na.Cells.from_arrays(sim.data["case"], sim.data["judge"], sim.data["decision"])
halves = [
    na.Cells.from_arrays(part["case"], part["judge"], part["decision"]) for part in (sim.data[::2], sim.data[1::2])
]
merged = halves[0] + halves[1]
print(estimate_panel(whole).system.sd, estimate_panel(merged).system.sd)
