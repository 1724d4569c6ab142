"""Checks of a result against a policy: pass, fail or unknown, for pipelines that run unattended."""
