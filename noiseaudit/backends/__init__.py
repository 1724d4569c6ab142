"""The only code that meets rows at scale: plain group-bys, written once in narwhals."""

from noiseaudit.backends.group_rows import group_rows, group_sums, group_values

__all__ = ["group_rows", "group_sums", "group_values"]
