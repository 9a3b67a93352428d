"""Evaluation: figures by hand, and floors that can't be passed silently."""

from pathlib import Path

import pytest

from corpus.document import CorpusError
from service.collection import Collection
from service.evaluation import PARTS, below_floor, compare, digest, evaluate, read_cases


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
    (tmp_path / "questions" / "followups.jsonl").write_text(
        '{"id": "f", "lang": "en", "turns": ["INF", "and in 2022?"], "gold": "2022:37"}\n'
    )
    return tmp_path


def test_figures_of_four_questions(collection: Collection, folder: Path) -> None:
    figures, misses = evaluate(collection.answerer(), read_cases(folder))
    assert {group: held.count for group, held in figures.items()} == {
        "few en/topic": 2,
        "few en/none": 1,
        "followups en": 1,
    }
    topic = figures["few en/topic"].means
    assert (topic["success@1"], topic["recall@5"], topic["mrr@10"], topic["wrongly refused"]) == (0.5, 0.5, 0.5, 0.0)
    assert figures["few en/none"].means == {"refused": 1.0}
    assert figures["followups en"].means["success@1"] == 1.0
    assert [miss.split()[0] for miss in misses] == ["b"]


def test_each_part_of_the_ranking_is_measured_alone(collection: Collection, folder: Path) -> None:
    figures = compare(collection.index(), read_cases(folder))
    assert figures.keys() == {"few en/topic"}  # neither follow-ups nor what nothing answers
    parts = figures["few en/topic"]
    assert parts.keys() == PARTS.keys() and {held.count for held in parts.values()} == {2}
    assert parts["lexical"].means == {"success@1": 0.5, "recall@5": 0.5}  # by name; biodiversity is not in 2019:11
    assert parts["all"].means["success@1"] == 0.5


def test_a_figure_below_its_floor_and_changed_questions_are_named(collection: Collection, folder: Path) -> None:
    figures, _ = evaluate(collection.answerer(), read_cases(folder))
    floors = folder / "floors.toml"
    floors.write_text(f'digest = "{digest(folder)}"\n[floors]\n"few en/topic" = {{"success@1" = 0.5}}\n')
    assert below_floor(folder, figures) == ["few en/none has no floor", "followups en has no floor"]
    floors.write_text(floors.read_text() + '"few en/none" = {}\n"followups en" = {}\n')
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
    figures, _ = evaluate(collection.answerer(), [case for case in read_cases(folder) if case.id in "af"])
    assert figures["few en/topic"].means["success@1"] == 1.0
