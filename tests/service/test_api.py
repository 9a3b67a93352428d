"""The HTTP door: the shape of replies, checked quotes, bad input; the service keeps running."""

import datetime
import hashlib
import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.formats import FORMATS
from embeddings.confidence import CALIBRATED
from service.app import create_app
from service.collection import Collection
from service.ingestion import BUILT_IN, ingest
from service.settings import Settings


def ask(client: TestClient, question: str, **body: object) -> dict:  # type: ignore[type-arg]
    reply = client.post("/api/ask", json={"question": question, **body})
    assert reply.status_code == 200, reply.text
    answer: dict = reply.json()  # type: ignore[type-arg]
    return answer


def test_a_quote_can_be_proved_with_the_file_alone(client: TestClient) -> None:
    for question in ("what was said about INF", "外空军备竞赛", "Договор о нераспространении ядерного оружия"):
        answer = ask(client, question, top_k=10)
        assert answer["answered"] and answer["nearest"] == []
        for quote in answer["quotes"]:
            data = (BUILT_IN / f"{quote['passage_id'].partition('/')[0]}.txt").read_bytes()
            citation, raw = quote["citation"], data.decode()
            assert hashlib.sha256(data).hexdigest() == citation["sha256"]
            assert "".join(raw[start:end] for start, end in citation["spans"]) == quote["text"]
            assert all(0 <= h["start"] < h["end"] <= len(quote["text"]) for h in quote["highlights"])


def test_the_reply_has_every_field(client: TestClient) -> None:
    answer = ask(client, "what was said about INF in 2019", top_k=1)
    assert answer.keys() == {"question", "answered", "took_ms", "interpreted", "quotes", "nearest"}
    assert answer["question"] == "what was said about INF in 2019"
    interpreted = answer["interpreted"]
    assert interpreted["text"] == "INF" and interpreted["language"] == "en" and "中导条约" in interpreted["aliases"]
    assert interpreted["filters"] == {
        "works": [],
        "documents": [],
        "from": "2019-01-01",
        "to": "2019-12-31",
        "languages": [],
    }
    (quote,) = answer["quotes"]
    assert quote.keys() == {
        *("number", "passage_id", "text", "score", "highlights", "leans_on", "citation", "witnesses", "url")
    }
    assert (quote["number"], quote["passage_id"]) == (1, "un-cd-2019/8")
    assert quote["url"] == "http://127.0.0.1:8000/p/un-cd-2019/8"
    citation = quote["citation"]
    assert citation.keys() == {
        *("title", "titles", "date", "published", "place", "outlet", "source_url", "language", "paragraph", "part"),
        *("file_page", "sha256", "text_sha256", "spans", "selectors", "csl"),
    }
    assert (citation["date"], citation["paragraph"], citation["outlet"]) == ("2019-06-05", 8, None)
    (witness,) = quote["witnesses"]
    assert (witness["passage_id"], witness["variants"]) == ("hant-glossed-2019/8", [])
    assert witness["text"].startswith("美國決定退出")


def test_a_variant_is_shown_with_offsets_into_both_texts(client: TestClient) -> None:
    (quote,) = ask(client, "伊核问题全面协议", top_k=1)["quotes"]
    (variant,) = quote["witnesses"][0]["variants"]
    assert quote["passage_id"] == "un-cd-2019/12" and variant["text"] == "第"
    start, end = variant["witness"]
    assert quote["witnesses"][0]["text"][start:end] == "第" and variant["base"][0] == variant["base"][1]


def test_a_paragraph_in_two_outlets_is_one_quote_with_two_witnesses(client: TestClient) -> None:
    answer = ask(client, "美国金穹计划", top_k=10)
    named = [quote["passage_id"] for quote in answer["quotes"]]
    named += [witness["passage_id"] for quote in answer["quotes"] for witness in quote["witnesses"]]
    assert len(named) == len(set(named))
    assert {"peoples-daily-2025/8", "xinhua-2025/8"} <= set(named)
    assert [quote["number"] for quote in answer["quotes"]] == list(range(1, len(answer["quotes"]) + 1))


def test_a_filter_quotes_the_next_witness_under_its_own_id(client: TestClient) -> None:
    plain = ask(client, "中导条约", top_k=1)["quotes"][0]
    other = ask(client, "中导条约", top_k=1, filters={"languages": ["zh-Hant"], "to": "2019-12-31"})["quotes"][0]
    assert (plain["passage_id"], other["passage_id"]) == ("un-cd-2019/8", "hant-glossed-2019/8")
    assert other["witnesses"][0]["passage_id"] == "un-cd-2019/8"
    assert other["citation"]["language"] == "zh-Hant" and "(de)" not in other["text"]
    assert [other["text"][h["start"] : h["end"]] for h in other["highlights"]] != []


@pytest.mark.parametrize(
    ("filters", "years"),
    [
        ({"works": ["cn-ru-2022"]}, {"2022"}),
        ({"documents": ["xinhua-2025", "hant-2022"]}, {"2025", "2022"}),
        ({"from": "2020-01-01"}, {"2022", "2025"}),
        ({"from": "2019-06-05", "to": "2019-06-05"}, {"2019"}),
        ({"languages": ["zh"]}, {"2019", "2022", "2025"}),
    ],
)
def test_filters_admit_only_what_they_say(client: TestClient, filters: dict[str, object], years: set[str]) -> None:
    answer = ask(client, "外空武器化", top_k=50, filters=filters)
    assert {quote["citation"]["date"][:4] for quote in answer["quotes"]} == years


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        (
            "what was said about INF in 2019",
            "美国决定退出《苏美关于消除中程和中短程导弹条约》(《中导条约》)将破坏战略稳定",
        ),
        ("恢复条约活力，防止事态发展", "中俄两国主张条约当事方通过对话与磋商解决分歧"),
        ("联合国裁军机制应发挥核心作用", "联合国及其多边裁军机制应在军控进程中发挥核心作用。"),
        ("遗弃在华化学武器", "双方敦促日本忠实履行义务"),
    ],
)
def test_the_sentence_that_answers_is_highlighted_and_not_all_are(
    client: TestClient, question: str, sentence: str
) -> None:
    quote = ask(client, question, top_k=1)["quotes"][0]
    marked = [quote["text"][span["start"] : span["end"]] for span in quote["highlights"]]
    assert any(text.startswith(sentence) for text in marked)
    assert sum(map(len, marked)) < len(quote["text"])


@pytest.mark.parametrize("question", ["a", "的", "what?", "2022年2月4日", "最新声明", "tell me more"])
def test_a_question_that_names_nothing_is_refused_with_a_note(client: TestClient, question: str) -> None:
    answer = ask(client, question)
    assert (answer["answered"], answer["quotes"], answer["nearest"]) == (False, [], [])
    assert "no_subject" in {note["code"] for note in answer["interpreted"]["notes"]}


def test_nothing_answers_gives_no_quotes_but_the_nearest(client: TestClient) -> None:
    answer = ask(client, "How do I reset my password?")
    assert (answer["answered"], answer["quotes"]) == (False, [])
    assert 0 < len(answer["nearest"]) <= 3
    assert all("number" not in nearest and nearest["score"] < CALIBRATED.threshold for nearest in answer["nearest"])


def test_a_year_in_the_question_gives_way_to_documents_that_the_caller_names(client: TestClient) -> None:
    answer = ask(client, "中导条约 2019年", filters={"documents": ["hant-2022"]})
    assert answer["interpreted"]["filters"]["from"] is None
    assert [quote["passage_id"] for quote in answer["quotes"]] == ["hant-2022/33"]


def test_a_required_phrase_is_kept_or_dropped_with_a_note(client: TestClient) -> None:
    held = ask(client, "“核战争打不赢也打不得”", top_k=10)
    assert [quote["passage_id"] for quote in held["quotes"]] == ["peoples-daily-2025/15"]
    absent = ask(client, "“外空和平利用奖” 外空武器化")
    assert [note["code"] for note in absent["interpreted"]["notes"]] == ["phrase_not_held"] and absent["quotes"]


def test_the_interpretation_can_be_switched_off(client: TestClient) -> None:
    for interpret in (False, ["aliases"]):
        interpreted = ask(client, "INF in 2019", interpret=interpret)["interpreted"]
        assert interpreted["filters"]["from"] is None and bool(interpreted["aliases"]) == bool(interpret)


def test_history_resolves_a_follow_up(client: TestClient) -> None:
    history = [{"role": "user", "content": "What was said about INF?"}, {"role": "assistant", "content": "…"}]
    answer = ask(client, "and in 2022?", history=history)
    assert answer["quotes"][0]["passage_id"] == "hant-2022/33"
    assert {quote["citation"]["date"] for quote in answer["quotes"]} == {"2022-02-04"}


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"question": 7}, "/question: Input should be a valid string"),
        ({"question": None}, "/question"),
        ({"question": ["a"]}, "/question"),
        ({}, "/question: Field required"),
        ({"question": "a", "top_k": -1}, "top_k is -1"),
        ({"question": "a", "top_k": 10**9}, "top_k is 1000000000"),
        ({"question": "a", "top_k": "many"}, "/top_k"),
        ({"question": "a", "top_k": True}, "/top_k"),
        ({"question": "a", "topk": 3}, "/topk: Extra inputs are not permitted"),
        ({"question": "a", "filters": {"works": ["x"]}}, "filters.works: no 'x'; there are cn-ru-2019, cn-ru-2022"),
        ({"question": "a", "filters": {"documents": ["x"]}}, "filters.documents: no 'x'; there are hant-2022"),
        (
            {"question": "a", "filters": {"languages": ["fr"]}},
            "filters.languages: no 'fr'; there are zh, zh-Hans, zh-Hant",
        ),
        ({"question": "a", "filters": {"outlet": ["x"]}}, "/filters/outlet"),
        ({"question": "a", "filters": {"from": "yesterday"}}, "/filters/from"),
        ({"question": "a", "filters": {"from": "2025-01-01", "to": "2019-01-01"}}, "from is later than to"),
        ({"question": "a", "interpret": ["magic"]}, "/interpret"),
        ({"question": "a", "history": [{"role": "robot", "content": "x"}]}, "/history/0/role"),
    ],
)
def test_bad_requests_are_told_what_to_change(client: TestClient, body: object, detail: str) -> None:
    reply = client.post("/api/ask", json=body)
    assert (reply.status_code, reply.headers["content-type"]) == (422, "application/problem+json")
    assert detail in reply.json()["detail"]
    assert client.get("/livez").json() == {"status": "alive"}


def test_a_body_without_a_declared_length_is_capped_too(client: TestClient) -> None:
    reply = client.post("/api/ask", content=(b"x" * 65536 for _ in range(80)))
    assert (reply.status_code, reply.json()["detail"]) == (
        413,
        "the body is over 4194304 bytes, the most that is taken",
    )


@pytest.mark.parametrize(
    "path",
    [
        "/api/passages/un-cd-2019/999",
        "/api/passages/nothing/1",
        "/api/passages/un-cd-2019",
        "/api/passages/../../etc/passwd",
    ]
    + ["/api/passages/%2e%2e%2f1", "/api/documents/nothing", "/nowhere", "/api/passages/" + "x" * 5000 + "/1"],
)
def test_what_is_not_there_is_a_404_that_says_so(client: TestClient, path: str) -> None:
    reply = client.get(path)
    assert (reply.status_code, reply.headers["content-type"]) == (404, "application/problem+json")


def test_a_passage_has_its_citation_witnesses_and_neighbours(client: TestClient) -> None:
    for path in ("/api/passages/hant-glossed-2019/8", "/api/passages/hant-glossed-2019%2F8"):
        passage = client.get(path).json()
        assert passage["passage_id"] == "hant-glossed-2019/8"
        assert passage["neighbours"] == {"previous": "hant-glossed-2019/7", "next": "hant-glossed-2019/9"}
        assert [witness["passage_id"] for witness in passage["witnesses"]] == ["un-cd-2019/8"]
    ends = [client.get(f"/api/passages/hant-2022/{number}").json()["neighbours"] for number in (1, 65)]
    assert ends == [{"previous": None, "next": "hant-2022/2"}, {"previous": "hant-2022/64", "next": None}]


def test_the_text_of_record_is_there_to_check_spans_against(client: TestClient, statements: dict[str, str]) -> None:
    quote = ask(client, "外空武器化", top_k=1)["quotes"][0]
    reply = client.get(f"/api/documents/{quote['passage_id'].partition('/')[0]}/text")
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert hashlib.sha256(reply.content).hexdigest() == quote["citation"]["sha256"]
    assert client.get("/api/documents/hant-2022/text", params={"version": 2}).status_code == 404


def test_a_passage_in_each_format(client: TestClient) -> None:
    for name, form in FORMATS.items():
        reply = client.get("/api/passages/un-cd-2019/8", params={"format": name})
        assert reply.status_code == 200 and reply.headers["content-type"] == form.media_type
        assert reply.headers["content-disposition"] == f"inline; filename*=UTF-8''un-cd-2019-8{form.suffix}"
        assert "8" in reply.text and reply.headers["x-content-type-options"] == "nosniff"
    (item,) = client.get("/api/passages/un-cd-2019/8?format=csl-json").json()
    assert item["id"] == "un-cd-2019/8"
    assert client.get("/api/passages/un-cd-2019/8?format=web-annotation").json()["type"] == "Annotation"


@pytest.mark.parametrize("name", ["", "BibTeX", "<script>alert(1)</script>", "x" * 9000])
def test_an_unknown_format_lists_those_there_are(client: TestClient, name: str) -> None:
    reply = client.get("/api/passages/un-cd-2019/8", params={"format": name})
    assert reply.status_code == 400 and reply.headers["content-type"] == "application/problem+json"
    assert f"there are {', '.join(FORMATS)}" in reply.json()["detail"] and len(reply.text) < 1000


def verify(client: TestClient, text: str, **claimed: str) -> dict:  # type: ignore[type-arg]
    reply = client.post("/api/verify", json={"text": text} | ({"claimed": claimed} if claimed else {}))
    assert reply.status_code == 200, reply.text
    found: dict = reply.json()  # type: ignore[type-arg]
    return found


def test_a_verification_has_every_field(client: TestClient) -> None:
    found = verify(client, "双方重申恪守2023年1月3日发表的《五个核武器国家领导人", work="cn-ru-2025")
    assert found.keys() == {
        *("text", "verdict", "reason", "truncated", "critical", "differences", "passages", "edits", "outside")
    }
    assert (found["verdict"], found["critical"], found["reason"]) == ("altered", True, None)
    (edit,), (quoted,) = found["edits"], found["passages"]
    assert edit == {
        "passage_id": "peoples-daily-2025/15",
        "source": [29, 33],
        "quoted": [6, 10],
        "text": "2023",
        "kind": "date",
        "critical": True,
    }
    assert quoted["text"][29:33] == "2022" and found["text"][6:10] == "2023"
    assert quoted.keys() == {
        *("passage_id", "text", "leans_on", "citation", "witnesses", "url", "place", "spans", "cuts")
    }
    ((start, end),) = quoted["spans"]
    assert quoted["text"][start:end] == "双方重申恪守2022年1月3日发表的《五个核武器国家领导人"
    assert [witness["passage_id"] for witness in quoted["witnesses"]] == ["xinhua-2025/15"]
    outside = verify(client, "據外媒報道，一名伊朗高級官員證實")
    assert (outside["verdict"], outside["reason"], outside["passages"]) == ("not_found", "outside_body", [])
    assert outside["outside"][0]["document"] == "xinhua-2025" and outside["outside"][0]["role"] == "unrelated"


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({"text": "北约"}, 422, "give 4 letters or more"),
        ({"text": "双" * 5001}, 422, "at most 5000 are checked"),
        ({"text": "双" * 1_500_000}, 413, "the most that is taken"),
        ({"text": "x" * 1_000_000}, 422, "at most 5000 are checked"),
        ({}, 422, "/text: Field required"),
        (
            {"text": "双方谴责", "claimed": {"work": "<b>"}},
            422,
            "claimed.work: no '<b>'; there are cn-ru-2019, cn-ru-2022",
        ),
        ({"text": "双方谴责", "claimed": {"year": 2019}}, 422, "/claimed/year: Extra inputs are not permitted"),
    ],
)
def test_a_bad_quotation_says_what_to_change(
    client: TestClient, body: dict[str, object], status: int, told: str
) -> None:
    reply = client.post("/api/verify", json=body)
    assert (reply.status_code, reply.headers["content-type"]) == (status, "application/problem+json")
    assert told in reply.json()["detail"]


def test_markup_and_controls_in_a_quotation_are_only_text(client: TestClient) -> None:
    found = verify(client, "<b onclick='x'>双方谴责将商业航天系统用于\u202e干涉主权国家内政\0</b>")
    assert (found["verdict"], found["differences"]) == ("found", ["invisible"])
    body = rb'{"text": "\ud83d\ud83d\ud83d\ud83d\ud83d"}'
    broken = client.post("/api/verify", content=body, headers={"content-type": "application/json"})
    assert broken.status_code == 422 and "half a surrogate pair" in broken.json()["detail"]


def test_a_topic_by_date(client: TestClient) -> None:
    reply = client.get("/api/timeline", params={"q": "NPT"}).json()
    assert [entry["work"]["id"] for entry in reply["entries"]] == ["cn-ru-2019", "cn-ru-2022", "cn-ru-2025"]
    assert reply["first"] == {"work": "cn-ru-2019", "date": "2019-06-05", "passage_id": "un-cd-2019/10"}
    assert reply["last"]["date"] == "2025-05-08" and reply["answered"]
    texts = {quote["passage_id"]: quote["text"] for entry in reply["entries"] for quote in entry["quotes"]}
    assert [(change["before"], change["after"]) for change in reply["changes"]] == [
        ("cn-ru-2019", "cn-ru-2022"),
        ("cn-ru-2022", "cn-ru-2025"),
    ]
    for change in reply["changes"]:
        sides = [side for kept in change["stayed"] for side in kept.values()]
        for extract in [*sides, *change["went"], *change["came"]]:
            start, end = extract["source"]
            assert texts[extract["passage_id"]][start:end] == extract["text"] != ""
    unanswered = client.get("/api/timeline", params={"q": "password reset"}).json()
    assert (unanswered["entries"], unanswered["first"], unanswered["changes"]) == ([], None, [])
    assert not unanswered["answered"] and unanswered["nearest"]
    for bad in ({}, {"q": ""}, {"q": "x" * 9999}):
        assert client.get("/api/timeline", params=bad).status_code == 422


def test_a_withdrawn_document_answers_410_and_no_question(tmp_path: Path) -> None:
    collection = Collection(Settings(data=tmp_path))
    ingest(collection.store, [BUILT_IN])
    collection.build_index()
    with TestClient(create_app(collection), base_url="http://127.0.0.1:8000") as served:
        before = ask(served, "中导条约", top_k=1)["quotes"][0]
        collection.store.withdraw("un-cd-2019", datetime.date(2026, 1, 2))
        for built in (False, True):  # the index still holds it, and then no more
            assert not built or collection.build_index()
            quote = ask(served, "中导条约", top_k=1)["quotes"][0]
            assert (quote["passage_id"], quote["witnesses"]) == ("hant-glossed-2019/8", [])
            assert before["passage_id"] == "un-cd-2019/8"
        for path in ("passages/un-cd-2019/8", "passages/un-cd-2019/8?format=ris", "documents/un-cd-2019/text"):
            reply = served.get(f"/api/{path}")
            assert (reply.status_code, reply.json()["detail"]) == (410, "un-cd-2019 was withdrawn on 2026-01-02")
        assert served.get("/api/documents/un-cd-2019").status_code == 410
        assert served.get("/p/un-cd-2019/8").status_code == served.get("/documents/un-cd-2019").status_code == 410


def test_no_redirect_goes_where_the_host_header_says(client: TestClient) -> None:
    for path in ("/docs/", "/api/documents/", "/", "/p/un-cd-2019/8"):
        reply = client.get(path, headers={"host": "evil.example"}, follow_redirects=False)
        assert "evil" not in reply.text + reply.headers.get("location", "")
    assert client.get("/openapi.json").json()["servers"] == [{"url": "http://127.0.0.1:8000"}]


def test_the_url_of_a_quote_opens_the_passage(client: TestClient) -> None:
    url = ask(client, "中导条约", top_k=1)["quotes"][0]["url"]
    opened = client.get(url.removeprefix("http://127.0.0.1:8000"))
    assert opened.status_code == 200 and f'<link rel="canonical" href="{url}">' in opened.text


def test_the_collection_and_a_whole_document(client: TestClient, statements: dict[str, str]) -> None:
    documents = client.get("/api/documents").json()["documents"]
    assert {document["id"]: document["paragraphs"] for document in documents} == {
        "hant-2022": 65,
        "hant-glossed-2019": 22,
        "peoples-daily-2025": 25,
        "un-cd-2019": 22,
        "xinhua-2025": 25,
    }
    whole = client.get("/api/documents/xinhua-2025").json()
    raw = statements["xinhua-2025"]
    assert all("".join(raw[s:e] for s, e in part["spans"]) == part["text"] for part in whole["text"])
    assert sum(part["role"] == "unrelated" and part["passage_id"] is None for part in whole["text"]) == 8


def test_the_state_of_the_service(client: TestClient, collection: Collection) -> None:
    assert client.get("/readyz").json() == {"status": "ready", "index": collection.index().name, "paragraphs": 112}
    assert client.get("/version").json().keys() == {"version", "model", "index"}


def test_the_api_documents_itself_offline(client: TestClient) -> None:
    page = client.get("/docs").text
    assert "http://" not in page and "https://" not in page
    for asset in ("static/swagger-ui/swagger-ui-bundle.js", "static/swagger-ui/swagger-ui.css", "static/docs.js"):
        assert asset in page and client.get(f"/{asset}").status_code == 200
    assert client.get("/docs?lang=<script>&<script>").text == page
    schema = client.get("/openapi.json").json()
    operations = [operation for methods in schema["paths"].values() for operation in methods.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)


@given(st.text(max_size=60))
@settings(max_examples=60, deadline=None)
def test_any_question_is_answered_or_refused(client: TestClient, question: str) -> None:
    reply = client.post("/api/ask", content=json.dumps({"question": question}))
    assert reply.status_code in (200, 422)
    for number, quote in enumerate(reply.json().get("quotes", []), 1):
        assert quote["number"] == number and CALIBRATED.threshold <= quote["score"] <= 1


def test_the_unrelated_items_are_never_quoted(client: TestClient, collection: Collection) -> None:
    unrelated = [passage.text for passage in collection.store.passages("xinhua-2025") if passage.role == "unrelated"]
    for text in unrelated:
        for part in (text[:40], text[40:80]):
            answer = ask(client, part, top_k=50)
            assert not any(quote["text"] in unrelated for quote in [*answer["quotes"], *answer["nearest"]])
