"""Panels with known truth: for the demo, the tests, the documentation, and for planning by simulation."""

from noiseaudit.simulation.designs import DESIGNS
from noiseaudit.simulation.panels import Simulated, simulate
from noiseaudit.simulation.truth import Truth

__all__ = ["DESIGNS", "Simulated", "Truth", "simulate"]
