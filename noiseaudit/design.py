"""AuditDesign: which column is what, on which scale, with which estimator, read how."""

from __future__ import annotations

import difflib
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from noiseaudit.errors import CallError

Scale = Literal["auto", "continuous", "log", "binary", "nominal", "ordinal", "count"]
Kind = Literal["auto", "panel", "log"]
EstimatorName = Literal["auto", "fe", "wcu", "reml", "gao_owen"]
Duplicates = Literal["ask", "keep", "drop"]

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
READING = ("encoding", "delimiter", "decimal", "dates", "header_row", "sheet", "na", "max_bytes")


def _suggest(error: ValidationError, known: tuple[str, ...]) -> str:
    sentences = []
    for item in error.errors():
        name = ".".join(str(part) for part in item["loc"])
        if item["type"] == "extra_forbidden":
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            sentences.append(f"unknown setting {name!r}{hint}")
        else:
            sentences.append(f"{name}: {item['msg']}" if name else str(item["msg"]))
    return "; ".join(sentences)


class AuditDesign(BaseModel):
    """Roles of the columns, and every choice that an audit depends on.

    `case`, `judge` and `decision` may stay None where somebody is there to read what was assumed: they are
    then proposed from column names and content. Everything else has the default that the method prescribes.
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

    encoding: str = "auto"
    delimiter: str = "auto"
    decimal: Literal["auto", ",", "."] = "auto"
    dates: str = "auto"
    header_row: int | Literal["auto"] = "auto"
    sheet: str = "auto"
    na: tuple[str, ...] | Literal["auto"] = "auto"
    max_bytes: int | None = Field(default=None, gt=0)

    def __init__(self, /, **settings: Any) -> None:
        try:
            super().__init__(**settings)
        except ValidationError as error:
            raise CallError("wrong_setting", _suggest(error, tuple(type(self).model_fields))) from None

    @field_validator("groups", "relations", "features", "order", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _no_column_twice(self) -> AuditDesign:
        seen: dict[str, str] = {}
        for role in ("case", "judge", "decision"):
            column = getattr(self, role)
            if column is not None and column in seen:
                raise ValueError(f"column {column!r} is given as both {seen[column]} and {role}")
            if column is not None:
                seen[column] = role
        return self

    def roles(self) -> dict[str, str | list[str]]:
        """The roles that are set, by name; list roles as lists."""
        single = {role: getattr(self, role) for role in SINGLE_ROLES if getattr(self, role) is not None}
        return single | {role: list(getattr(self, role)) for role in LIST_ROLES if getattr(self, role)}

    def columns(self) -> tuple[str, ...]:
        """Every column that some role names, once, in the order of the roles."""
        named = [getattr(self, role) for role in SINGLE_ROLES]
        named += [*self.groups, *self.features]
        return tuple(dict.fromkeys(column for column in named if column is not None))

    def changed(self, **settings: Any) -> AuditDesign:
        """A copy with some settings replaced, validated again."""
        return AuditDesign(**(self.model_dump() | settings))
