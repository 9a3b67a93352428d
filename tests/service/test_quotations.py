"""What the verifier calls generated quotations, on the built-in collection and on one in three languages."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.quotations.cases import ALTERED, FOUND, NOT_FOUND
from benchmarks.quotations.generation import generated
from benchmarks.quotations.judging import Confusion, confusion
from service.collection import Collection
from service.ingestion import ingest
from service.settings import Settings
from service.verification import Verdict

KINDS = {
    "exact", "script", "punctuation", "critical", "small", "spliced", "claim", "invented", "truncated", "ellipsis",
    "outside", "other language", "gap", "stance reversed",
}  # fmt: skip


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory, quality: Path) -> Collection:
    built = Collection(Settings(data=tmp_path_factory.mktemp("second")))
    assert all(report.problem is None for report in ingest(built.store, [quality / "second" / "documents"]))
    return built


@pytest.fixture(scope="module")
def measured(collection: Collection) -> Confusion:
    return confusion(collection.verifier(), generated(collection.store, per_kind=3))


@pytest.fixture(scope="module")
def measured_on_second(second: Collection) -> Confusion:
    """Every second case: each document has its share, which it would not have of fewer per kind."""
    return confusion(second.verifier(), generated(second.store, per_kind=6)[::2])


def kinds(measured: Confusion) -> Counter[str]:
    return Counter(one.case.kind.partition(":")[0] for one in measured.judged)


def falsely_found(measured: Confusion) -> list[str]:
    """What is called found though it is altered, invented, spliced, from elsewhere or outside the body."""
    return [one.case.text for one in measured.judged if one.said.verdict is Verdict.FOUND and one.case.right != FOUND]


def share_found(measured: Confusion) -> float:
    exact = [one.said.verdict is Verdict.FOUND for one in measured.judged if one.case.kind.startswith("exact")]
    assert len(exact) >= 80
    return exact.count(True) / len(exact)


def unflagged(measured: Confusion) -> list[str]:
    """Critical edits that are not called critical."""
    edits = [one for one in measured.judged if one.case.critical and one.case.right != FOUND]
    assert len(edits) >= 40
    return [one.case.text for one in edits if not one.said.is_critical]


def test_statements_no_altered_or_invented_quotation_is_called_found(measured: Confusion) -> None:
    assert len(measured.judged) >= 500 and set(kinds(measured)) == KINDS
    assert falsely_found(measured) == []


def test_statements_exact_quotations_are_found_and_critical_edits_flagged(measured: Confusion) -> None:
    assert share_found(measured) >= 0.99 and measured.passes
    assert unflagged(measured) == []  # one in so few would be more than 1 %


def test_second_collection_no_altered_or_invented_quotation_is_called_found(measured_on_second: Confusion) -> None:
    judged = measured_on_second.judged
    assert len(judged) >= 300 and set(kinds(measured_on_second)) == KINDS - {"other language"}
    languages = Counter(one.case.source.partition("-")[0] for one in judged)
    assert min(languages[language] for language in ("en", "ru", "zh")) >= 50
    assert falsely_found(measured_on_second) == []


def test_second_collection_exact_quotations_are_found_and_critical_edits_flagged(measured_on_second: Confusion) -> None:
    assert share_found(measured_on_second) >= 0.99 and measured_on_second.passes
    flags = [one for one in measured_on_second.judged if one.case.critical is not None]
    assert len(unflagged(measured_on_second)) <= 0.01 * len(flags)  # of all flags: names of streets are not known here


def test_one_seed_makes_the_same_cases_another_one_others(collection: Collection) -> None:
    cases = generated(collection.store)
    assert cases == generated(collection.store) and len(cases) >= 600
    assert cases != generated(collection.store, seed=1)
    assert [case for case in generated(collection.store, per_kind=4) if case not in cases] == []


def test_a_verdict_is_held_against_the_label(collection: Collection) -> None:
    verifier = collection.verifier()
    case = next(case for case in generated(collection.store) if case.kind == "exact: sentence")
    labelled = [case, replace(case, right=ALTERED | NOT_FOUND), replace(case, critical=True)]
    measured = confusion(verifier, labelled)
    assert [one.is_wrong for one in measured.judged] == [False, True, True]
    assert [one.is_falsely_found for one in measured.judged] == [False, True, False]
    assert [Confusion((one,)).passes for one in measured.judged] == [True, False, True]
    assert case.text in measured.wrong() and "right: altered or not_found" in measured.wrong()
    missed = confusion(verifier, [replace(case, text=f"{case.text}双方同意停止一切合作。")])
    assert not missed.passes and not missed.judged[0].is_falsely_found
