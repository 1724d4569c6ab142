"""The only code that meets rows at scale: plain group-bys, written once in narwhals."""

from noiseaudit.backends.group_rows import group_categories, group_rows

__all__ = ["group_categories", "group_rows"]
