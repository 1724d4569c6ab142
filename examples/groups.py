"""Who treats a group otherwise than colleagues do: flags against the truth that was built in.

A quarter of twenty professionals deviate by 0.5 where the case has value b, up or down. All of them give 0.5 less to b,
and that nobody can see in a panel: everybody decided the same cases.
"""

import noiseaudit as na
from noiseaudit.simulation.group_design import GroupDesign

ROLES = {"case": "case", "judge": "judge", "decision": "decision"}


def names(judges: list[str]) -> str:
    return ", ".join(judges) or "nobody"


design = GroupDesign(prevalence=0.25, systemic=-0.5, gap=0.5, deviating=0.25)
sim = na.simulate(judges=20, cases=80, groups=design, seed=5)
result = na.audit(sim.data, **ROLES, groups=["group"])
[group] = [each for each in result.groups if each.value == "b"]
note = result.supplement.groups.notes[result.groups.index(group)]
judges = sorted(sim.data["judge"].unique())
deviating = {str(judge) for judge, one in zip(judges, sim.groups.deviates[:, 1], strict=True) if one}

flagged = [judge for judge in group.judges if judge.flag]
print(f"deviate in truth: {names(sorted(deviating))}")
print(f"flagged:          {names([judge.judge for judge in flagged])}")
for judge in flagged:
    low, high = judge.interval
    print(f"  {judge.judge}: {judge.shrunk:+.2f} ({low:+.2f} to {high:+.2f}), q = {judge.q:.3f}")
missed = sorted(deviating - {judge.judge for judge in flagged})
print(f"missed: {names(missed)}; a gap below {note.smallest_detectable:.2f} typically is")
spread = group.heterogeneity
print(f"gaps of professionals differ: SD {spread.sd:.2f} ({spread.sd_interval[0]:.2f} to {spread.sd_interval[1]:.2f})")
print(f"what all do alike for b: not known, {group.systemic_gap.because}")
