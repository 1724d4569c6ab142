"""Policy: the rules of a check and how it ends, from `[check]` of a noiseaudit.toml or from Python."""

from __future__ import annotations

from dataclasses import dataclass, replace
from numbers import Real
from pathlib import Path
from typing import Any, Literal

from noiseaudit.checks.figures import COUNT, DRIFT, FRACTION, RATIO, Known, Selector, Sense, known_figure
from noiseaudit.errors import CallError

FailOn = Literal["fail", "warn"]
UNKNOWN_EXITS = (0, 1, 4, 99)
_LARGEST = 1e300


@dataclass(frozen=True)
class Rule:
    """A limit on one figure: past `fail` with certainty it fails, past `warn` it passes with a warning.

    figure: a name of `FIGURES`; with `drift.` before it the change since the baseline. unit: of the limits, checked
    against that of the figure. group or relation, value: which gap.
    """

    name: str
    figure: str
    warn: float | None = None
    fail: float | None = None
    unit: str | None = None
    group: str | None = None
    relation: str | None = None
    value: str | None = None

    def __post_init__(self) -> None:
        texts = {"name": self.name, "figure": self.figure}
        texts |= {key: getattr(self, key) for key in ("unit", "group", "relation", "value")
                  if getattr(self, key) is not None}  # fmt: skip
        for key, text in texts.items():
            if not isinstance(text, str):
                raise CallError("wrong_rule", f"rule {self.name!r}: {key} is a text, not {text!r}")
        known = self.known  # refuses a figure that does not exist
        limits = [limit for limit in (self.warn, self.fail) if limit is not None]
        if not limits:
            self._refuse("it needs a limit: warn, fail or both")
        if not all(map(_is_number, limits)):
            self._refuse("a limit is a number")
        if not all(-_LARGEST < limit < _LARGEST for limit in limits):
            self._refuse("a limit is a finite number")
        if self.group is not None and self.relation is not None:
            self._refuse("it is about a group or a relation, not both")
        if (self.group or self.relation or self.value) and not known.of_group:
            self._refuse(f"{self.figure!r} is no figure of a group")
        if self.warn is not None and self.fail is not None:
            later = self.warn < self.fail if self.sense == "lower" else self.warn > self.fail
            if later:
                side = "below" if self.sense == "lower" else "above"
                self._refuse(f"warn {self.warn:g} lies {side} fail {self.fail:g}, so it would never warn")
        if self.sense == "lower" and min(limits) <= 0:
            self._refuse(f"{self.figure!r} is never below 0, so a limit of {min(limits):g} would never fail or warn")
        if self.sense != "lower" and min(limits) < 0:
            self._refuse(f"a limit of {self.figure!r} is a size; below 0 it would always fail")

    @property
    def is_drift(self) -> bool:
        """The rule is about the change since the baseline."""
        return self.figure.startswith(DRIFT)

    @property
    def base(self) -> str:
        """The figure itself."""
        return self.figure.removeprefix(DRIFT)

    @property
    def known(self) -> Known:
        """The figure that it is about; CallError where there is none of that name."""
        try:
            return known_figure(self.base)
        except CallError as error:
            raise CallError(error.code, f"rule {self.name!r}: {error.message}") from None

    @property
    def sense(self) -> Sense:
        """The bad side of a limit. A change is bad on either side, but for noise SDs, which may become smaller."""
        return "absolute" if self.is_drift and not self.known.times else self.known.sense

    @property
    def which(self) -> Selector:
        """The gap that is meant."""
        return Selector(self.group, self.relation, self.value)

    def check_unit(self, unit: str | None) -> None:
        """CallError where the limit stands in another unit than the figure."""
        limits = [limit for limit in (self.warn, self.fail) if limit is not None]
        if self.unit is not None and self.unit != unit:
            measured = "it has no unit" if unit is None else f"it is in {unit!r}"
            self._refuse(f"its limit is in {self.unit!r}, and of {self.figure!r} {measured}")
        if unit == FRACTION and max(map(abs, limits)) > 1:
            self._refuse(f"{self.figure!r} is a share from 0 to 1; write {max(limits) / 100:g} for {max(limits):g}%")
        if unit == RATIO and self.sense == "absolute" and min(limits) <= 1:
            self._refuse(
                f"{self.figure!r} is a ratio, and 1 says that nothing differs; a limit is above 1, such as 1.25"
            )
        if unit == COUNT and any(limit != round(limit) for limit in limits):
            self._refuse(f"{self.figure!r} is a whole number")

    def _refuse(self, why: str) -> None:
        raise CallError("wrong_rule", f"rule {self.name!r}: {why}")


def _is_number(limit: object) -> bool:
    return isinstance(limit, Real) and not isinstance(limit, bool)


DEFAULT_RULES = (
    Rule("rows excluded", "rows.excluded_share", warn=0.01, fail=0.05),
    Rule("level noise since the baseline", "drift.noise.level.sd", warn=1.25, fail=1.5),
)


@dataclass(frozen=True)
class Policy:
    """Rules, and what their outcomes mean for the exit code.

    fail_on: `warn` makes every warning a failure. unknown_exit: exit code where a rule cannot be judged. exit_zero:
    always 0; the outcome says the rest.
    """

    rules: tuple[Rule, ...] = DEFAULT_RULES
    fail_on: FailOn = "fail"
    unknown_exit: int = 4
    exit_zero: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "rules", tuple(self.rules))  # a generator would be judged once, and then be empty
        if not all(isinstance(rule, Rule) for rule in self.rules):
            raise CallError("wrong_rule", "the rules of a policy are of the type Rule")
        if not self.rules:
            raise CallError("wrong_rule", "a policy needs at least one rule")
        names = [rule.name for rule in self.rules]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise CallError("wrong_rule", f"there is more than one rule named {', '.join(map(repr, twice))}")
        if self.fail_on not in ("fail", "warn"):
            raise CallError("wrong_setting", f"fail_on is 'fail' or 'warn', not {self.fail_on!r}")
        if not isinstance(self.exit_zero, bool):
            raise CallError("wrong_setting", f"exit_zero is true or false, not {self.exit_zero!r}")
        if self.unknown_exit not in UNKNOWN_EXITS or type(self.unknown_exit) is not int:
            listed = ", ".join(map(str, UNKNOWN_EXITS))
            raise CallError("wrong_setting", f"unknown_exit is one of {listed}, not {self.unknown_exit!r}")

    @classmethod
    def from_toml(cls, path: str | Path) -> Policy:
        """The `[check]` table of a config; without rules there the default ones. CallError lists what is wrong."""
        from noiseaudit.config import load_config

        return cls.of(load_config(Path(path)).check)

    @classmethod
    def of(cls, check: Any) -> Policy:
        """The policy of a config that was read."""
        rules = tuple(
            Rule(name, rule.figure, rule.warn, rule.fail, rule.unit, rule.group, rule.relation, rule.value)
            for name, rule in check.rules.items()
        )
        return cls(rules or DEFAULT_RULES, check.fail_on, check.unknown_exit, check.exit_zero)

    def changed(self, **settings: Any) -> Policy:
        """A copy with other settings, checked again."""
        return replace(self, **settings)

    @property
    def needs_baseline(self) -> bool:
        """Some rule is about the change since a baseline."""
        return any(rule.is_drift for rule in self.rules)
