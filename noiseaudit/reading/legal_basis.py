"""What of that which is asked about persons may be analysed, and what the law makes of it."""

from __future__ import annotations

from noiseaudit.design import AuditDesign, Relation
from noiseaudit.reading.grounds import Ground, recognised
from noiseaudit.reading.proposals import plain_name
from noiseaudit.result import Finding
from noiseaudit.result.findings import finding

NO_BASIS = "P602"


def without_basis(design: AuditDesign) -> tuple[set[str], list[Finding]]:
    """Groups and relations of a special category for which the config names no legal basis, and what has to be said.

    A stand-in for a ground is warned of. Features that are no group serve to compare cases: there a special category
    without a basis is warned of too.
    """
    basis = {plain_name(name): text.strip() for name, text in design.legal_basis.items()}
    refused: set[str] = set()
    said: dict[tuple[str, str], Finding] = {}
    asked = [(name, (name,)) for name in design.groups]
    asked += [(text, _sides(text)) for text in design.relations]  # type: ignore[misc]
    for name, columns in asked:
        for column in columns:
            for ground in recognised(column):
                found = _said_of(ground, column, basis.get(plain_name(column), ""))
                said.setdefault((found.code, column), found)
                if found.code == NO_BASIS:
                    refused.add(name)
    for column in design.features:
        special = [ground for ground in recognised(column) if ground.gdpr]
        if special and column not in design.groups and not basis.get(plain_name(column)):
            values = {"column": column, "category": special[0].name, "article": special[0].gdpr}
            said["P604", column] = finding("P604", "warning", **values)
    return refused, list(said.values())


def _sides(text: str) -> tuple[str, str]:
    relation = Relation.parse(text)
    return relation.left, relation.right


def _said_of(ground: Ground, column: str, basis: str) -> Finding:
    if ground.of:
        return finding("P603", "warning", column=column, proxy=ground.name, grounds=", ".join(ground.of))
    if ground.gdpr is None:
        return finding("equal_treatment_ground", column=column, ground=ground.name, laws=", ".join(ground.laws))
    if basis:
        return finding("legal_basis_named", column=column, category=ground.name, article=ground.gdpr, basis=basis)
    return finding("P602", "error", column=column, category=ground.name, article=ground.gdpr)
