"""Comparable cases, where no two professionals share a case: models and classes, and how far they can be trusted."""
