"""Comparable cases in a log, where no two professionals share a case: models, classes, tests of the assignment."""
