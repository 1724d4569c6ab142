"""AuditDesign: which column is what, on which scale, with which estimator, read how."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from noiseaudit.errors import CallError

Scale = Literal["auto", "continuous", "log", "binary", "nominal", "ordinal", "count"]
Kind = Literal["auto", "panel", "log"]
EstimatorName = Literal["auto", "fe", "wcu", "reml", "gao_owen"]
Duplicates = Literal["ask", "keep", "drop"]
Comparable = Literal["auto", "none", "strata", "classes", "case_mix"]

SINGLE_ROLES = (
    "case",
    "judge",
    "decision",
    "occasion",
    "truth",
    "office",
    "time",
    "pool",
    "weight",
    "exposure",
)
LIST_ROLES = ("groups", "relations", "features")
PRIVACY = ("min_cell", "min_professionals", "legal_basis")
READING = (
    "encoding", "delimiter", "decimal", "dates", "century", "header_row", "sheet", "na", "judge_columns", "activity",
    "position", "followed_by", "max_bytes",
)  # fmt: skip


def _suggest(error: ValidationError, known: tuple[str, ...]) -> str:
    sentences = []
    for item in error.errors():
        name = ".".join(str(part) for part in item["loc"])
        if item["type"] == "extra_forbidden":
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            sentences.append(f"unknown setting {name!r}{hint}")
        else:
            said = str(item["msg"]).removeprefix("Value error, ")
            sentences.append(f"{name}: {said}" if name else said)
    return "; ".join(sentences)


@dataclass(frozen=True)
class Relation:
    """Two columns that are equal, or are not: `judge_country == skater_nation`. Parsed, never evaluated."""

    left: str
    sign: str
    right: str

    @classmethod
    def parse(cls, text: str) -> Relation:
        """ValueError for anything but two column names around == or !=."""
        sign = "!=" if "!=" in text else "=="
        left, _, right = (part.strip() for part in text.partition(sign))
        if not (left and right) or "=" in left + right:
            what = "two column names with == or != between them (a column with = in its name must be renamed)"
            raise ValueError(f"a relation is {what}, not {text!r}")
        if left == right:
            raise ValueError(f"a relation is between two different columns, not {text!r}")
        return cls(left, sign, right)


class AuditDesign(BaseModel):
    """Roles of the columns, and every choice that an audit depends on.

    `case`, `judge` and `decision` may stay None where somebody is there to read what was assumed: they are
    then proposed from column names and content. Everything else has the default that the method prescribes.

    Of logs: comparable is how cases are made comparable; bins, bounds of strata by feature, and of groups of numbers
    such as ages; as_category, features whose
    numbers are codes; assigned_by_lot, cases are dealt out by lot (then differences may be called effects);
    characteristics_as_features, characteristics of persons may be features; exclude_judges, accounts that are no
    professionals; judges_formed_from_decisions, the judges are groups that were made from their decisions.

    Of groups: materiality is the smallest shrunken gap that is worth a flag (None: a fifth of the noise SD, or 5 % of
    yes/no decisions); fdr, the share of flags that may be false; intersections, pairs of characteristics are tested
    too; discover, kinds of cases are looked for in which somebody deviates; seed, of what is drawn. legal_basis: of
    characteristics of a special category. min_cell, min_professionals: fewest cases and professionals of a figure in
    a file; None: as the audience prescribes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    case: str | None = None
    judge: str | None = None
    decision: str | None = None
    occasion: str | None = None
    groups: tuple[str, ...] = ()
    relations: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    truth: str | None = None
    office: str | None = None
    time: str | None = None
    pool: str | None = None
    weight: str | None = None
    exposure: str | None = None

    scale: Scale = "auto"
    design: Kind = "auto"
    estimator: EstimatorName = "auto"
    positive: str | None = None
    order: tuple[str, ...] = ()
    confidence: float = Field(default=0.95, gt=0.5, lt=1.0)
    kurtosis_floor: float = Field(default=2.0, ge=0.0)
    ddof: Literal[0, 1] = 1
    unit: str | None = None
    duplicates: Duplicates = "ask"
    comparable: Comparable = "auto"
    bins: dict[str, list[float]] = Field(default_factory=dict, examples=[{"Fee": [100.0, 500.0]}])
    as_category: tuple[str, ...] = ()
    assigned_by_lot: bool = False
    characteristics_as_features: bool = False
    exclude_judges: tuple[str, ...] = ()
    judges_formed_from_decisions: bool = False
    materiality: float | None = Field(default=None, gt=0, allow_inf_nan=False, examples=[100.0])
    fdr: float = Field(default=0.05, gt=0, le=0.5)
    intersections: bool = True
    discover: bool = False
    seed: int = Field(default=0, ge=0)

    min_cell: int | None = Field(default=None, ge=1, examples=[10])
    min_professionals: int | None = Field(default=None, ge=1, examples=[5])
    legal_basis: dict[str, str] = Field(default_factory=dict, examples=[{"Origin": "Article 9(2)(j)"}])

    encoding: str = "auto"
    delimiter: str = "auto"
    decimal: Literal["auto", ",", "."] = "auto"
    dates: Literal["auto", "dmy", "mdy", "ymd"] = "auto"
    century: int | None = Field(default=None, ge=0, le=9900, multiple_of=100, examples=[2000])
    header_row: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    sheet: str = "auto"
    na: tuple[str, ...] | Literal["auto"] = "auto"
    judge_columns: tuple[str, ...] = ()
    activity: tuple[str, ...] = ()
    position: Literal["first", "last", "all"] = "last"
    followed_by: str | None = None
    max_bytes: int | None = Field(default=None, gt=0)
    show_values: bool = False

    def __init__(self, /, **settings: Any) -> None:
        try:
            super().__init__(**settings)
        except ValidationError as error:
            raise CallError("wrong_setting", _suggest(error, tuple(type(self).model_fields))) from None

    @field_validator(
        "groups", "relations", "features", "order", "judge_columns", "activity", "as_category", "exclude_judges",
        mode="before",
    )  # fmt: skip
    @classmethod
    def _one_is_a_list(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @field_validator("features", "groups")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(value))

    @field_validator("bins")
    @classmethod
    def _bounds_ascend(cls, value: dict[str, list[float]]) -> dict[str, list[float]]:
        for name, bounds in value.items():
            if not all(map(math.isfinite, bounds)) or any(a >= b for a, b in pairwise(bounds)):
                raise ValueError(f"the bounds of {name!r} must be numbers that ascend, such as [100, 500]")
        return value

    @field_validator("relations")
    @classmethod
    def _relations_parse(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            Relation.parse(text)
        return value

    @model_validator(mode="after")
    def _no_column_twice(self) -> AuditDesign:
        seen: dict[str, str] = {}
        for role in ("case", "judge", "decision"):
            column = getattr(self, role)
            if column is not None and column in seen:
                raise ValueError(f"column {column!r} is given as both {seen[column]} and {role}")
            if column is not None:
                seen[column] = role
        for column in self.features:
            if column in seen:
                raise ValueError(f"column {column!r} is given as both {seen[column]} and feature")
        for column in self.groups:
            if column in seen:
                raise ValueError(f"column {column!r} is given as both {seen[column]} and group")
        for relation in map(Relation.parse, self.relations):
            if self.decision in (relation.left, relation.right):
                raise ValueError(f"column {self.decision!r} is given as both decision and part of a relation")
        return self

    def roles(self) -> dict[str, str | list[str]]:
        """The roles that are set, by name; list roles as lists."""
        single = {role: getattr(self, role) for role in SINGLE_ROLES if getattr(self, role) is not None}
        lists = (*LIST_ROLES, "judge_columns")
        return single | {role: list(getattr(self, role)) for role in lists if getattr(self, role)}

    def columns(self) -> tuple[str, ...]:
        """Every column that some role names, once, in the order of the roles."""
        named = [getattr(self, role) for role in SINGLE_ROLES]
        named += [*self.groups, *self.features]
        named += [
            column for relation in map(Relation.parse, self.relations) for column in (relation.left, relation.right)
        ]
        return tuple(dict.fromkeys(column for column in named if column is not None))

    def changed(self, **settings: Any) -> AuditDesign:
        """A copy with some settings replaced, validated again."""
        return AuditDesign(**(self.model_dump() | settings))
