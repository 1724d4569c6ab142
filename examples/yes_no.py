"""A yes/no panel: the chance that another colleague would have decided otherwise."""

import noiseaudit as na

sim = na.simulate(judges=25, cases=80, level=1.0, stable_pattern=0.8, case_sd=3.0, scale="binary", per_case=6, seed=2)
result = na.audit(sim.data, case="case", judge="judge", decision="decision")

chance = result.lottery.disagreement
print(f"another colleague, another outcome: {chance.value:.0%}, interval {chance.interval}")
print(f"true chance: {2 * sim.truth.system:.0%}")
print("occasion noise:", result.noise.occasion)
