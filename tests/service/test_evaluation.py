"""Evaluation: figures by hand, and floors that can't be passed silently."""

from pathlib import Path

import pytest

from corpus.document import CorpusError
from service.collection import Collection
from service.evaluation import below_floor, digest, evaluate, grouped, highlights, overall, read_cases, worst


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "questions").mkdir()
    (tmp_path / "passages.tsv").write_text(
        "# key\tpassage\n2019:11\tun-cd-2019/8\n2022:37\thant-2022/33\n2022:21\thant-2022/18\n"
    )
    (tmp_path / "questions" / "few.tsv").write_text(
        "# id\tlang\tkind\tquestion\tgold\n"
        "a\ten\ttopic\tINF\t2019:11 2022:37\nb\ten\ttopic\tbiodiversity\t2019:11\nc\ten\tnone\tpassword reset\t-\n"
    )
    (tmp_path / "questions" / "few.jsonl").write_text(
        '{"id": "f", "lang": "en", "turns": ["INF", "and in 2022?"], "gold": "2022:37"}\n'
        '{"id": "g", "lang": "en", "turns": ["INF", "and the price of tea in London?"], "gold": "-"}\n'
    )
    return tmp_path


def test_figures_of_five_questions(collection: Collection, folder: Path) -> None:
    outcomes = evaluate(collection.answerer(), read_cases(folder))
    figures = grouped(outcomes)
    assert {group: held.count for group, held in figures.items()} == {
        "few en/topic": 2,
        "few en/none": 2,  # a follow-up that nothing answers is one of them
        "few en/followup": 1,
    }
    topic = figures["few en/topic"].means
    assert (topic["success@1"], topic["recall@5"], topic["mrr@10"], topic["wrongly refused"]) == (0.5, 0.5, 0.5, 0.0)
    assert 0.4 < topic["ndcg@10"] <= 0.5 and topic["statements@5"] == 0.5
    assert figures["few en/topic"].intervals["success@1"] == (0.0, 1.0)
    assert figures["few en/none"].means == {"refused": 1.0}
    assert figures["few en/followup"].means["success@1"] == 1.0
    assert overall(outcomes)["topic"].means == overall(outcomes)["topic en"].means == topic


def test_the_worst_questions_come_first_and_held_out_ones_are_not_shown(collection: Collection, folder: Path) -> None:
    questions = folder / "questions"
    (questions / "few.tsv").write_text("b\ten\ttopic\tbiodiversity\t2019:11\nd\ten\ttopic\tINF\t2022:21\n")
    (questions / "held-out.tsv").write_text("h\ten\ttopic\tINF\t2022:21\n")
    outcomes = evaluate(collection.answerer(), read_cases(folder))
    lines = worst(outcomes)
    surest = {held.case.id: max(score for _, score in held.got) for held in outcomes if held.case.id in "bd"}
    assert [line.split()[0] for line in lines] == sorted(surest, key=lambda id: -surest[id])


def test_highlights_are_measured_in_characters(collection: Collection, folder: Path) -> None:
    text = collection.store.passage("un-cd-2019/8")
    assert text is not None
    (folder / "highlights.tsv").write_text("h1\ten\tun-cd-2019/8\tINF\t0 1\nh2\tru\tun-cd-2019/8\tпогода\t0\n")
    figures = highlights(collection.index(), folder)
    assert {group: held.count for group, held in figures.items()} == {"en": 1, "ru": 1, "all": 2}
    assert 0 < figures["en"].means["recall"] <= 1 and figures["en"].means["precision"] > 0
    (folder / "highlights.tsv").write_text("h1\ten\tun-cd-2019/999\tINF\t0\n")
    with pytest.raises(CorpusError, match="highlights"):
        highlights(collection.index(), folder)


def test_a_figure_below_its_floor_and_changed_questions_are_named(collection: Collection, folder: Path) -> None:
    figures = grouped(evaluate(collection.answerer(), read_cases(folder)))
    floors = folder / "floors.toml"
    floors.write_text(f'digest = "{digest(folder)}"\n[floors]\n"few en/topic" = {{"success@1" = 0.5}}\n')
    assert below_floor(folder, figures) == ["few en/followup has no floor", "few en/none has no floor"]
    floors.write_text(floors.read_text() + '"few en/none" = {}\n"few en/followup" = {}\n')
    assert below_floor(folder, figures) == []
    floors.write_text(floors.read_text().replace("0.5", "0.6") + '"few fr/topic" = {"success@1" = 0.1}\n')
    assert below_floor(folder, figures) == [
        "few en/topic: success@1 is 0.5, its floor is 0.6",
        "few fr/topic: success@1 is None, its floor is 0.1",
    ]
    (folder / "passages.tsv").write_text("# nothing\n")
    assert "the questions have changed" in below_floor(folder, figures)[0]


@pytest.mark.parametrize("change", ["x\ten\ttopic\tINF\t2030:1\n", "x\ten\ttopic\n"])
def test_a_bad_question_file_is_named(folder: Path, change: str) -> None:
    (folder / "questions" / "few.tsv").write_text(change)
    with pytest.raises(CorpusError, match="not a readable quality folder"):
        read_cases(folder)


def test_a_gold_passage_counts_under_any_of_its_witnesses(collection: Collection, folder: Path) -> None:
    (folder / "passages.tsv").write_text("2019:11\thant-glossed-2019/8\n2022:37\thant-2022/33\n")
    figures = grouped(evaluate(collection.answerer(), [case for case in read_cases(folder) if case.id in "af"]))
    assert figures["few en/topic"].means["success@1"] == 1.0
