"""Dify's external knowledge API: what `fetch_external_knowledge_retrieval` in Dify reads, and what it chokes on."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.app import create_app
from service.collection import Collection
from service.keys import Keys
from service.settings import Settings

KEY = "dify"
BASE = "http://127.0.0.1:8000"


def retrieve(client: TestClient, query: str, top_k: int = 5, least: float | None = 0.0, **rest: object) -> list[Any]:
    """The records for a request as Dify sends it; every field is always there."""
    setting = {"top_k": top_k, "score_threshold": least}
    asked = {"knowledge_id": "yinju", "query": query, "retrieval_setting": setting, "metadata_condition": None, **rest}
    reply = client.post("/retrieval", json=asked, headers={"authorization": "Bearer any"})
    assert reply.status_code == 200, reply.text
    assert reply.json().keys() == {"records"}
    records: list[Any] = reply.json()["records"]
    return records


def quotes(client: TestClient, question: str, top_k: int = 5) -> list[Any]:
    """What POST /api/ask quotes."""
    quoted: list[Any] = client.post("/api/ask", json={"question": question, "top_k": top_k}).json()["quotes"]
    return quoted


@pytest.mark.parametrize(
    "question",
    [
        "what was said about INF in 2019",
        "外空武器化",
        "外空軍備競賽",
        "Договор о нераспространении ядерного оружия",
        "“核战争打不赢也打不得”",
        "How do I reset my password?",
    ],
)
@pytest.mark.parametrize("top_k", [1, 10])
def test_it_quotes_what_the_api_quotes(client: TestClient, question: str, top_k: int) -> None:
    records, quoted = retrieve(client, question, top_k), quotes(client, question, top_k)
    assert [(record["content"], record["score"], record["metadata"]["passage_id"]) for record in records] == [
        (quote["text"], quote["score"], quote["passage_id"]) for quote in quoted
    ]
    assert len(records) <= top_k and bool(records) == ("password" not in question)


def test_a_record_has_every_field_and_no_null(client: TestClient, collection: Collection) -> None:
    (record,) = retrieve(client, "what was said about INF in 2019", top_k=1)
    statement = collection.store.document("un-cd-2019")
    assert statement
    assert record == {
        "content": quotes(client, "what was said about INF in 2019", top_k=1)[0]["text"],
        "score": record["score"],
        "title": "Joint Statement of the People's Republic of China and the Russian Federation on Strengthening "
        "Contemporary Global Strategic Stability, 2019-06-05, ¶ 8",
        "metadata": {
            "passage_id": "un-cd-2019/8",
            "number": 1,
            "url": f"{BASE}/p/un-cd-2019/8",
            "date": "2019-06-05",
            "language": "zh-Hans",
            "sha256": statement.sha256,
        },
    }
    assert record["content"].startswith("美国决定退出《苏美关于消除中程和中短程导弹条约》") and 0 < record["score"] <= 1


def test_a_record_names_the_source_where_it_is_known(client: TestClient) -> None:
    records = {record["metadata"]["passage_id"]: record for record in retrieve(client, "美国金穹计划")}
    record = records["peoples-daily-2025/8"]
    assert record["title"] == "中华人民共和国和俄罗斯联邦关于全球战略稳定的联合声明，2025-05-08，第 8 段"
    assert record["metadata"] | {"sha256": None} == {
        "passage_id": "peoples-daily-2025/8",
        "number": [*records].index("peoples-daily-2025/8") + 1,
        "url": f"{BASE}/p/peoples-daily-2025/8",
        "date": "2025-05-08",
        "outlet": "人民日报",
        "source_url": "http://politics.people.com.cn/n1/2025/0509/c1001-40476042.html",
        "language": "zh-Hans",
        "sha256": None,
    }


def test_metadata_is_never_null_nor_holds_one(client: TestClient) -> None:
    records = retrieve(client, "全球战略稳定", top_k=50)
    assert len({record["metadata"]["passage_id"].partition("/")[0] for record in records}) > 2
    for record in records:
        assert record.keys() == {"content", "score", "title", "metadata"} and record["title"]
        assert isinstance(record["metadata"], dict) and None not in record["metadata"].values()
        assert {"passage_id", "number", "url", "date", "language", "sha256"} <= record["metadata"].keys()


def test_links_are_those_of_the_public_address(collection: Collection) -> None:
    public = Settings(data=collection.settings.folder, public_url="https://docs.example.org/yinju")
    with TestClient(create_app(Collection(public)), base_url="http://10.1.2.3:8000") as served:
        urls = [record["metadata"]["url"] for record in retrieve(served, "外空武器化", top_k=3)]
        quoted = quotes(served, "外空武器化", top_k=3)
    assert urls == [f"https://docs.example.org/yinju/p/{quote['passage_id']}" for quote in quoted] and len(urls) == 3


def test_a_score_threshold_drops_what_is_below_it(client: TestClient) -> None:
    scores = [quote["score"] for quote in quotes(client, "外空武器化", top_k=10)]
    assert len(scores) > 3 and scores == sorted(scores, reverse=True) and scores[1] > scores[3]
    for least in (scores[1], (scores[0] + scores[1]) / 2):
        kept = [record["score"] for record in retrieve(client, "外空武器化", 10, least)]
        assert kept == [score for score in scores if score >= least] != scores
    assert retrieve(client, "外空武器化", 10, 1.0) == []
    assert [record["score"] for record in retrieve(client, "外空武器化", 10, None)] == scores


def test_top_k_limits_and_may_be_left_out(client: TestClient) -> None:
    assert [len(retrieve(client, "外空武器化", top_k)) for top_k in (1, 2, 4)] == [1, 2, 4]
    bare = client.post("/retrieval", json={"query": "外空武器化"}).json()["records"]
    assert bare == retrieve(client, "外空武器化", 5) and len(bare) == 5


@pytest.mark.parametrize("condition", [None, {}, {"conditions": []}, {"logical_operator": "and", "conditions": None}])
def test_a_metadata_condition_that_says_nothing_is_let_through(client: TestClient, condition: object) -> None:
    records = retrieve(client, "外空武器化", metadata_condition=condition)
    assert records == retrieve(client, "外空武器化") != []


def test_a_metadata_condition_is_refused_and_not_ignored(client: TestClient) -> None:
    condition = {"name": ["date"], "comparison_operator": "after", "value": "2022-01-01"}
    asked = {"query": "外空武器化", "metadata_condition": {"logical_operator": "and", "conditions": [condition]}}
    reply = client.post("/retrieval", json=asked)
    assert (reply.status_code, reply.headers["content-type"]) == (422, "application/problem+json")
    told = "metadata conditions can't be applied here; take them out, and put the year into the query"
    assert reply.json()["detail"] == told
    dates = {record["metadata"]["date"][:4] for record in retrieve(client, "外空武器化 2022年", top_k=50)}
    assert dates == {"2022"}  # what it says to do instead does it


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"query": ""}, "the question is empty; ask with at least one letter or digit"),
        ({"query": "x" * 2001}, "the question has 2001 characters; at most 2000 are allowed"),
        ({"query": "a\x00b"}, "the question holds control characters or half a surrogate pair; send plain text"),
        ({"query": None}, "/query: Input should be a valid string"),
        ({"retrieval_setting": {"top_k": 51}}, "top_k is 51; it must be from 1 to 50"),
        ({"retrieval_setting": {"top_k": -1}}, "top_k is -1; it must be from 1 to 50"),
        ({"retrieval_setting": {"top_k": "many"}}, "/retrieval_setting/top_k: Input should be a valid integer"),
        ({"retrieval_setting": {"score_threshold": "high"}}, "/retrieval_setting/score_threshold: Input should be a"),
    ],
)
def test_a_bad_request_is_told_what_to_change(client: TestClient, change: Mapping[str, object], detail: str) -> None:
    reply = client.post("/retrieval", json={"knowledge_id": "yinju", "query": "INF", **change})
    assert (reply.status_code, reply.headers["content-type"]) == (422, "application/problem+json")
    assert reply.json()["detail"].startswith(detail)
    assert client.get("/livez").json() == {"status": "alive"}


@pytest.fixture(scope="module")
def keyed(collection: Collection) -> Iterator[TestClient]:
    keys = Keys((hashlib.sha256(KEY.encode()).hexdigest(),))
    with TestClient(create_app(Collection(Settings(data=collection.settings.folder, read_keys=keys)))) as opened:
        yield opened


def test_a_new_endpoint_passes_difys_check_and_a_wrong_key_does_not(client: TestClient, keyed: TestClient) -> None:
    """Dify posts without a body, and takes an endpoint for good unless it says 403, 404 or 502."""
    for served, key, status in ((client, "any", 422), (keyed, KEY, 422), (keyed, "wrong", 403)):
        reply = served.post("/retrieval", headers={"authorization": f"Bearer {key}"}, follow_redirects=False)
        assert (reply.status_code, reply.headers["content-type"]) == (status, "application/problem+json")
        assert reply.json()["status"] == status
    asked = {"knowledge_id": "yinju", "query": "INF", "retrieval_setting": {"top_k": 1, "score_threshold": 0}}
    found = keyed.post("/retrieval", json=asked, headers={"authorization": f"Bearer {KEY}"})
    assert (found.status_code, found.json()["records"][0]["metadata"]["passage_id"]) == (200, "un-cd-2019/8")
    assert keyed.post("/retrieval", json=asked, headers={"authorization": "Bearer wrong"}).status_code == 403
    assert keyed.post("/retrieval", json=asked).json()["detail"].startswith("a key is needed: as `Authorization:")


def test_quotation_marks_that_dify_escapes_are_quotation_marks(client: TestClient) -> None:
    """Dify's retrieval test puts a backslash before every `"`; the phrase between them must occur all the same."""
    escaped = retrieve(client, '\\"核战争打不赢也打不得\\" 核战争')
    assert [record["metadata"]["passage_id"] for record in escaped] == ["peoples-daily-2025/15"]
    assert escaped == retrieve(client, '"核战争打不赢也打不得" 核战争') != retrieve(client, "核战争")
