"""Charts: AuditResult -> matplotlib Axes. Each draws on the axes that it is given, or on a figure of its own."""

from noiseaudit.charts.decomposition import decomposition
from noiseaudit.charts.drift import drift
from noiseaudit.charts.funnel import funnel
from noiseaudit.charts.groups import group_professionals, groups
from noiseaudit.charts.lottery import lottery
from noiseaudit.charts.planning import planning
from noiseaudit.charts.sensitivity import sensitivity

__all__ = [
    "decomposition",
    "drift",
    "funnel",
    "group_professionals",
    "groups",
    "lottery",
    "planning",
    "sensitivity",
]
