"""Estimators: pure functions from cells to estimates. They know no engine, no template, no plot."""
