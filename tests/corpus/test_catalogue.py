"""The catalogue: what it may say, and that ours says only what the files state."""

import datetime
from pathlib import Path

import pytest

from corpus.catalogue import completed, load, slug, stated_origin
from corpus.document import CorpusError, Origin
from corpus.readers import read
from service.collection import Collection
from service.ingestion import BUILT_IN


def test_every_stated_origin_stands_in_its_file(collection: Collection, statements: dict[str, str]) -> None:
    origins = {document.id: document.origin for document in collection.store.documents()}
    for name, origin in origins.items():
        for stated in (origin.title, origin.outlet, origin.url, origin.page):
            assert stated is None or stated in statements[name]
        assert origin.published is None or origin.published.isoformat() in statements[name]
    assert origins["peoples-daily-2025"] == Origin(
        title="中华人民共和国和俄罗斯联邦关于全球战略稳定的联合声明",
        outlet="人民日报",
        published=datetime.date(2025, 5, 9),
        page="03",
        url="http://politics.people.com.cn/n1/2025/0509/c1001-40476042.html",
    )
    assert origins["hant-2022"] == origins["hant-glossed-2019"] == origins["un-cd-2019"] == Origin()


def test_every_work_has_its_titles_and_place() -> None:
    works = load(BUILT_IN).works
    assert {name: work.date for name, work in works.items()} == {
        "cn-ru-2019": datetime.date(2019, 6, 5),
        "cn-ru-2022": datetime.date(2022, 2, 4),
        "cn-ru-2025": datetime.date(2025, 5, 8),
    }
    for work in works.values():
        assert work.titles.keys() == work.places.keys() == {"zh-Hans", "zh-Hant", "en", "ru"}


def test_a_header_is_read_and_nothing_is_guessed() -> None:
    text = "标题: 公报\n链接: http://example.org/a\n发布时间: 2024年3月5日\n\n双方强调：合作。"
    assert stated_origin(text) == Origin("公报", None, datetime.date(2024, 3, 5), None, "http://example.org/a")
    assert stated_origin("来源：新华社\n\n双方强调合作。").outlet == "新华社"
    assert stated_origin("Source: https://example.org/a").outlet is None
    assert stated_origin("双方强调：合作。\n日期不详") == Origin()
    assert stated_origin("发布时间: 2024-13-99\n链接: javascript:alert(1)") == Origin()


@pytest.mark.parametrize(
    "line",
    [
        *("日期：2024年3月5日", "時間: 2024 年 3 月 5 日", "Date: 2024-03-05T09:30", "Published: March 5, 2024"),
        *("Date: Tue, 5 Mar 2024 10:00", "Дата: 5 марта 2024 г.", "Дата публикации: 05.03.2024"),
    ],
)
def test_a_date_is_read_as_people_write_it(line: str) -> None:
    assert stated_origin(f"{line}\n\nText.").published == datetime.date(2024, 3, 5)


@pytest.mark.parametrize(
    "line", ["Date: 3/5/2024", "Date: 5 Mars 24", "Date: 31 June 2024", "日期：2024年", "Date: 5 Foo 2024"]
)
def test_a_date_that_leaves_a_doubt_is_not_read(line: str) -> None:
    assert stated_origin(line).published is None


@pytest.mark.parametrize(
    ("path", "name"), [("A b/Ü.txt", "a-b-ü"), ("2019 声明.txt", "2019-声明"), ("---.txt", "document")]
)
def test_a_document_is_named_after_its_path(path: str, name: str) -> None:
    assert slug(path) == name


@pytest.mark.parametrize(
    ("catalogue", "message"),
    [
        ("[documents.a]\nwork = 'w'", "a: file is missing"),
        ("[documents.a]\nfile = 'a.txt'\nwork = 'w'", "names the work 'w', which has no"),
        ("[documents.a]\nfile = 'a.txt'\noutlett = 'x'", "a: unknown key 'outlett'; there are file, work, .*, outlet"),
        ("[work.a]", "unknown key 'work'; there are works, documents"),
        ("works = 1", "works = 1 is no table"),
        ("[works]\nw = 1", "w is a table"),
        ("[works.w]\ndate = 2019-06-05T10:00:00", "is no plain date such as 2019-06-05"),
        ("[works.w]\ndate = '5 June'", "is no plain date"),
        ("[works.w]\ntitle = 'x'", "w: unknown key 'title'; there are date, base, titles, places"),
        ("[works.w]\ntitles = 'x'", "w: titles = 'x' is no table"),
        ("[works.w.titles]\nen = 1", "w: titles: en = 1 is no text"),
        ("[works.w.titles]\nzh = '题'", "w: titles: unknown key 'zh'; there are zh-Hans, zh-Hant, en, ru"),
        ("[works.w]\nbase = 'a'\n[documents.a]\nfile = 'a.txt'", "w: its base 'a' is no document that names this work"),
        ("[documents.a]\nfile = 'a.txt'\npublished = 'May 2025'", "a: published = 'May 2025' is no plain date"),
        ("[documents.a]\nfile = 'a.txt'\npage = 3", "a: page = 3 is no text"),
        ("[documents.a]\nfile = 'a.txt'\nlanguage = 'chinese'", "no tag of a language, such as zh-Hans"),
        ("[documents.a]\nfile = 'a.txt'\nlanguage = 'zh'", "no tag of a language, such as zh-Hans"),
        ("[documents.a]\nfile = 'a.txt'\nurl = 'javascript:alert(1)'", "no address that starts with https"),
        ("[documents.a]\nfile = 'a.txt'\n[documents.b]\nfile = 'a.txt'", "a and b name the same file 'a.txt'"),
        ("[documents.'My Doc#1']\nfile = 'a.txt'", "'my-doc-1' could"),
        ("not toml", "see corpus/statements/catalogue.toml"),
    ],
)
def test_a_bad_catalogue_is_named(tmp_path: Path, catalogue: str, message: str) -> None:
    (tmp_path / "catalogue.toml").write_text(catalogue)
    with pytest.raises(CorpusError, match=message):
        load(tmp_path)


def test_the_catalogue_wins_over_what_the_file_says(tmp_path: Path) -> None:
    (tmp_path / "catalogue.toml").write_text(
        '[documents.a]\nfile = "a.txt"\npublished = 2024-01-01\ntitle = "题"\n', "utf-8"
    )
    reading = read("a.txt", "标题: 公报\n发布时间: 2023-05-05\n链接: http://example.org/".encode())
    entry = completed(load(tmp_path).entries["a.txt"], reading)
    assert entry.origin == Origin("题", None, datetime.date(2024, 1, 1), None, "http://example.org/")
