"""Panels and logs with known truth: for the demo, the tests, the documentation, and for planning by simulation."""

from noiseaudit.simulation.designs import DESIGNS
from noiseaudit.simulation.group_design import GroupDesign, GroupTruth
from noiseaudit.simulation.log_designs import LogDesign
from noiseaudit.simulation.log_truth import LogTruth
from noiseaudit.simulation.logs import LogRows, draw_log, simulate_log
from noiseaudit.simulation.panels import simulate
from noiseaudit.simulation.truth import Simulated, Truth

__all__ = [
    "DESIGNS", "GroupDesign", "GroupTruth", "LogDesign", "LogRows", "LogTruth", "Simulated", "Truth", "draw_log",
    "simulate", "simulate_log",
]  # fmt: skip
