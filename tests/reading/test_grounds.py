"""Which columns speak of a ground of equal treatment law: names as they stand in exports, and innocent ones."""

from __future__ import annotations

import pytest

from noiseaudit.reading.grounds import every_ground, recognised

SPECIAL = {
    "religion": "Religie, religion, Godsdienst aanvrager, client_religion, geloofsovertuiging, Faith, Moslim",
    "belief": "levensovertuiging, Levensbeschouwing, philosophical_belief",
    "political_opinion": "politieke voorkeur, PoliticalParty, political affiliation, politieke_gezindheid",
    "ethnic_origin": "Etniciteit aanvrager, herkomstland, Herkomst, ethnicity, defendant_race, Race, race_ethnicity, "
    "SkinTone, skin tone, huidskleur, afkomst, migratieachtergrond, RACE/ETHNICITY, "
    "land van herkomst, Origin, etnische achtergrond",
    "national_minority": "national minority, Minderheid",
    "trade_union": "union, union_member, trade union membership, Vakbondslid, lid vakbond",
    "health": "gezondheid, Gezondheidstoestand, health status, mental_health, Diagnose, chronische ziekte, "
    "pregnant, zwangerschap",
    "disability": "handicap, disability, Arbeidsbeperking, lichamelijke beperking, Disabled",
    "genetic_features": "genetic_marker, erfelijke aandoening, DNA",
    "biometric_data": "biometric_template, vingerafdruk",
    "sexual_orientation": "sexual orientation, seksuele_voorkeur, Geaardheid, LHBTI, transgender",
    "criminal_record": "strafblad, criminal_record, prior convictions, Veroordelingen, priors_count",
}
OTHER = {
    "sex": "Geslacht, gender, RevGender, PIGender, Sex, M/V, applicant sex",
    "nationality": "Nationaliteit, nationality, skater_nation, citizenship",
    "civil_status": "burgerlijke staat, marital_status, gehuwd, Married",
    "age": "Leeftijd, age, Leeftijdsklasse, age_group, geboortejaar, DateOfBirth, Age of client, age_years",
    "working_hours": "arbeidsduur, part-time, FTE",
    "contract": "contractvorm, dienstverband, temporary contract",
    "language": "language, taal aanvrager",
    "social_origin": "social_class, sociale herkomst, SES",
    "property": "vermogen, wealth",
    "birth": "adopted",
    "postcode": "postcode, Postcode aanvrager, zip, ZIP code, zipcode, pc4, buurtcode, postal_code, woonplaats",
    "address": "adres, home_address, straatnaam",
    "name": "naam, name, applicant name, Surname, voornaam, achternaam, lastName, first_name, e-mail",
    "birthplace": "geboorteplaats, birthplace, country of birth, geboorteland",
    "mother_tongue": "moedertaal, mother tongue",
    "bank_account": "IBAN, rekeningnummer",
    "salutation": "aanhef",
}
INNOCENT = """
race_time race_number unit units unit_id healthcare_provider_id health_insurer Gezondheidszorg community communion
reunion credit_union raster grass gras embrace trace track_race_position judge score besluit zaaknummer
soort_aanvraag bedrag toegekend bedrag politie politiebureau geloofwaardigheid geloofwaardigheid_verklaring kleur
color colour page package average stage mileage agency percentage language_model_score essay_length essex middlesex
sextant Sussex filename file_name columnname bestandsnaam product_name productnaam afdeling office team kind sort
wine flight country city region regio provincie gemeente experience opleiding education income inkomen fee amount
date datum time reviewer_id case_id status type category ip_address mac_address herkomst_middelen herkomst_melding
bron herkomst_product ziekenhuis hospital zorgverlener ziektekostenverzekeraar manual mandate mandaat manager
amnesty womens_cup_level Name_of_product street_lights genre general genome_browser nationwide national
nationale_politie international contract_number contractnummer contract_value dossierleeftijd_dagen
orientation_landscape_px party_size belief_score_model tone tint skin iris adressering_type_2 single_room oordeel
vooroordeel origin_airport originator original transport transaction transfer straight_line heteroscedasticity
homogeneity homologation test_result black_box minor_defect minority_interest trade_date labour_cost
conviction_strength_pct DiagnosticTest nr aantal count priority disc_number blindness_of_review double_blind blinded
""".split()  # noqa: SIM905  a list of names reads best as text


def pairs(table: dict[str, str]) -> list[tuple[str, str]]:
    return [(ground, name.strip()) for ground, names in table.items() for name in names.split(",")]


@pytest.mark.parametrize(("ground", "name"), pairs(SPECIAL))
def test_special_categories_are_recognised(ground: str, name: str) -> None:
    found = {one.id: one for one in recognised(name)}
    assert ground in found
    assert found[ground].gdpr is not None
    assert recognised(name)[0].gdpr is not None


@pytest.mark.parametrize(("ground", "name"), pairs(OTHER))
def test_other_grounds_and_proxies_are_recognised_and_not_special(ground: str, name: str) -> None:
    found = {one.id: one for one in recognised(name)}
    assert ground in found
    assert not [one.id for one in found.values() if one.gdpr]


@pytest.mark.parametrize("name", INNOCENT)
def test_innocent_names_are_left_alone(name: str) -> None:
    assert [one.id for one in recognised(name)] == []


def test_unit_is_no_union_and_men_is_no_part_of_women() -> None:
    assert [one.id for one in recognised("union")] == ["trade_union"]
    assert recognised("unit") == recognised("reunion") == recognised("union_square") == ()
    assert recognised("geslachtsnaam")[0].id == "name"  # a family name, and not a sex


def test_capitals_accents_and_signs_make_no_difference() -> None:
    for name in ("Etniciteit", "ETNICITEIT", "etniciteit_cliënt", "EtniciteitClient", "etniciteit-2", " etniciteit "):
        assert [one.id for one in recognised(name)] == ["ethnic_origin"]


@pytest.mark.parametrize("name", ["", "   ", "___", "123", "é", "\u202e", "x" * 10_000, "\ud800"])
def test_any_text_has_an_answer(name: str) -> None:
    assert recognised(name) == ()


def test_every_ground_has_its_law_and_both_names() -> None:
    special = {one.id: one.gdpr for one in every_ground() if one.gdpr}
    assert len({one.id for one in every_ground()}) == len(every_ground())
    # article 9(1) GDPR: every category that it lists
    for category in ("racial or ethnic origin", "political opinions", "religious or philosophical beliefs",
                     "trade union", "genetic data", "biometric data", "concerning health",
                     "sex life or sexual orientation"):  # fmt: skip
        assert any("article 9" in str(gdpr) and category in str(gdpr) for gdpr in special.values()), category
    assert "article 10" in str(special["criminal_record"])
    by_law = {law: {one.id for one in every_ground() if law in one.laws} for law in ("AWGB art. 1", "Charter art. 21")}
    assert by_law["AWGB art. 1"] == {
        "religion", "belief", "political_opinion", "ethnic_origin", "sex", "nationality", "sexual_orientation",
        "civil_status",
    }  # fmt: skip
    assert by_law["Charter art. 21"] == {
        "sex", "ethnic_origin", "social_origin", "genetic_features", "language", "religion", "belief",
        "political_opinion", "national_minority", "property", "birth", "disability", "age", "sexual_orientation",
        "nationality",
    }  # fmt: skip
    assert all(one.name and one.naam for one in every_ground())
    assert all(one.laws or one.gdpr or one.of for one in every_ground())
