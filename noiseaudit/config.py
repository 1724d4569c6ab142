"""noiseaudit.toml: the roles and choices of a run, kept beside the data. Unknown keys are errors."""

from __future__ import annotations

import copy
import re
import tomllib
import typing
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import PydanticCustomError, core_schema

from noiseaudit.config_problems import OWN_WORDS, lines_of, problems, syntax_problem
from noiseaudit.design import LIST_ROLES, PRIVACY, READING, SINGLE_ROLES, AuditDesign
from noiseaudit.errors import CallError

FILE_NAME = "noiseaudit.toml"
SCHEMA_ID = "urn:noiseaudit:config:1"


class Table(BaseModel):
    """A table of the config: frozen, no unknown keys, and no guesses, so that "0.9" or true is not a number."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _as_toml_means_it(cls, value: object, info: ValidationInfo) -> object:
        """Lists are tuples; one text does where a list is taken; true is not the 1 that Python makes of it."""
        field = cls.model_fields[str(info.field_name)]
        kinds = [typing.get_origin(kind) or kind for kind in (field.annotation, *typing.get_args(field.annotation))]
        if isinstance(value, bool) and bool not in kinds:
            raise ValueError
        if isinstance(value, list):
            return tuple(value)
        return (value,) if isinstance(value, str) and tuple in kinds and value != field.default else value


def _from_design(name: str, about: str, keys: Iterable[str]) -> type[Table]:
    """A table with these settings of AuditDesign, each as the design itself declares it."""
    known = AuditDesign.model_fields
    fields: dict[str, Any] = {key: (known[key].annotation, known[key]) for key in keys}
    return create_model(name, __base__=Table, __doc__=about, **fields)


if TYPE_CHECKING:  # a type checker cannot work out fields that are derived
    Roles: TypeAlias = Table
    Reading: TypeAlias = Table
    Analysis: TypeAlias = Table
else:
    _ROLES = (*SINGLE_ROLES, *LIST_ROLES)
    Roles = _from_design("Roles", "Which column is what.", _ROLES)
    Reading = _from_design("Reading", "How the file is read.", READING)
    Analysis = _from_design(
        "Analysis",
        "What is measured, and how.",
        [key for key in AuditDesign.model_fields if key not in (*_ROLES, *READING, *PRIVACY)],
    )


class Privacy(Table):
    """What may be shown to whom."""

    audience: Literal["public", "team"] = "public"
    min_cell: int | None = Field(default=None, ge=1, examples=[10])
    min_professionals: int | None = Field(default=None, ge=1, examples=[5])
    key_file: str | None = Field(default=None, examples=["keys/noiseaudit.key"])
    legal_basis: dict[str, str] = Field(default_factory=dict, examples=[{"Origin": "Article 9(2)(j)"}])

    def key_path(self, config: Path | None) -> Path | None:
        """The key file, seen from the folder of the config that names it."""
        if self.key_file is None:
            return None
        return (config.parent if config is not None else Path()) / Path(self.key_file).expanduser()


class Rule(Table):
    """A limit on one figure of the result. `group`, `relation` and `value` say which gap, where there are several."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [{"required": ["warn"]}, {"required": ["fail"]}],
            "not": {"required": ["group", "relation"]},
            "examples": [{"figure": "noise.level.sd", "fail": 200}],
        }
    )

    figure: str = Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$", examples=["noise.level.sd"])
    warn: float | None = None
    fail: float | None = None
    unit: str | None = Field(default=None, examples=["€"])
    group: str | None = Field(default=None, examples=["Age"])
    relation: str | None = Field(default=None, examples=["judge_country == skater_nation"])
    value: str | None = Field(default=None, examples=["65+"])

    @model_validator(mode="after")
    def _has_a_limit(self) -> Rule:
        if self.warn is None and self.fail is None:
            raise PydanticCustomError(OWN_WORDS, "a rule needs a limit: `warn`, `fail` or both")
        if self.group is not None and self.relation is not None:
            raise PydanticCustomError(OWN_WORDS, "a rule is about a `group` or a `relation`, not both")
        return self


class Check(Table):
    """How `check` behaves, and its rules by name: every key that is no option is a rule."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Rule] = Field(init=False)  # for type checkers: nobody passes it

    fail_on: Literal["fail", "warn"] = "fail"
    unknown_exit: Literal[0, 1, 4, 99] = 4
    exit_zero: bool = False
    baseline: str | None = Field(default=None, examples=["last/result.json"])
    junit: str | None = Field(default=None, examples=["check.xml"])
    store: str | None = Field(default=None, examples=["cells.store"])

    @property
    def rules(self) -> dict[str, Rule]:
        """The rules by name, in the order of the file."""
        return dict(self.__pydantic_extra__ or {})


class Config(Table):
    """A noiseaudit.toml: settings for an AuditDesign, privacy, and the checks."""

    model_config = ConfigDict(title="noiseaudit.toml")

    version: Literal[1]
    roles: Roles = Field(default_factory=Roles)
    reading: Reading = Field(default_factory=Reading)
    analysis: Analysis = Field(default_factory=Analysis)
    privacy: Privacy = Field(default_factory=Privacy)
    check: Check = Field(default_factory=Check)
    _path: Path | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """What was set for an AuditDesign, and nothing else: options of the command line go over it."""
        tables = (self.roles, self.reading, self.analysis)
        privacy = self.privacy.model_dump(exclude_unset=True, include=set(PRIVACY))
        return privacy | {key: value for table in tables for key, value in table.model_dump(exclude_unset=True).items()}

    @property
    def path(self) -> Path | None:
        """The file that this was read from."""
        return self._path


class _TomlSchema(GenerateJsonSchema):
    """JSON Schema of what TOML can say: it has no null, and one text does where a list is taken."""

    def field_title_should_be_set(self, schema: object) -> bool:
        return False  # a title that repeats the key says nothing

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if schema.get("default") is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def tuple_schema(self, schema: core_schema.TupleSchema) -> JsonSchemaValue:
        several = super().tuple_schema(schema)
        return {"anyOf": [several, several["items"]]}


@cache
def _schema() -> dict[str, Any]:
    return Config.model_json_schema(schema_generator=_TomlSchema)


def config_schema() -> dict[str, Any]:
    """The JSON Schema of noiseaudit.toml, which editors can check and complete with."""
    return {"$schema": GenerateJsonSchema.schema_dialect, "$id": SCHEMA_ID} | copy.deepcopy(_schema())


def load_config(path: Path) -> Config:
    """Read and check a config; CallError lists all that is wrong, with the line, what was meant and an example."""
    text = _text(path)
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CallError("bad_config", f"{path.name}, {syntax_problem(error, text)}") from None
    except RecursionError:
        raise CallError("bad_config", f"{path.name}: lists or tables lie too deep inside one another") from None
    try:
        config = Config.model_validate(tree)
    except ValidationError as error:
        wrong = problems(error.errors(), tree=tree, text=text, schema=_schema())
        raise CallError("bad_config", "\n".join(f"{path.name}, {sentence}" for sentence in wrong)) from None
    try:
        AuditDesign(**config.settings)
    except CallError as error:
        message = error.message
        named = re.findall(r"\w+", re.sub(r"'[^']*'", "", message))  # keys, and not the columns they name
        where = lines_of(((table, key) for table in tree for key in named), text)
        raise CallError("bad_config", f"{path.name}, {where}: {message}") from None
    config._path = path
    return config


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise CallError("no_such_config", f"cannot read the config {str(path)!r}: {error.strerror}") from None
    try:
        text = raw.decode("utf-8-sig")  # Notepad writes a byte order mark
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise CallError("bad_config", f"{path.name}, line {line}: this is not UTF-8; save the file as UTF-8") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def config_beside(source: str, given: Path | None) -> Config:
    """The config that was named, else `noiseaudit.toml` in the folder of the data, else an empty one."""
    if given is not None:
        return load_config(given)
    place = Path(source)
    beside = (place if place.is_dir() else place.parent) / FILE_NAME
    return load_config(beside) if source != "-" and beside.is_file() else Config(version=1)
