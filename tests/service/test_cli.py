"""The terminal door, as a subprocess: stdout, stderr, exit codes; and that it quotes what HTTP quotes."""

import datetime
import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from corpus.database import Database
from corpus.store import Store
from embeddings.publication import building, current, publish
from service.collection import Collection
from service.ingestion import BUILT_IN, ingest
from service.settings import Settings

ROOT = Path(__file__).parents[2]


def yinju(data: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from service.doors.cli import main; main()", *arguments],
        cwd=ROOT,
        env={**os.environ, "YINJU_DATA": str(data), **environ},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture
def data(collection: Collection, tmp_path: Path) -> Path:
    """A copy of the built collection that a test may spoil."""
    shutil.copytree(collection.settings.folder, tmp_path / "data")
    return tmp_path / "data"


def test_ask_prints_quotes_and_citation_lines(collection: Collection) -> None:
    run = yinju(collection.settings.folder, "ask", "what was said about INF")
    assert run.returncode == 0 and run.stderr == ""
    assert run.stdout.startswith("[1] 美国决定退出《苏美关于消除中程和中短程导弹条约》(《中导条约》)将破坏战略稳定，")
    line = run.stdout.splitlines()[1]
    assert line.startswith("    — Joint Statement of the People's Republic of China and the Russian Federation")
    assert "2019-06-05 · ¶ 8 · http://127.0.0.1:8000/p/un-cd-2019/8 · also hant-glossed-2019/8" in line


@pytest.mark.parametrize(
    "question", ["what was said about INF", "外空軍備競賽", "БРИКС", "伊核问题全面协议", "password reset"]
)
def test_http_and_terminal_give_equal_quotes(client: TestClient, collection: Collection, question: str) -> None:
    run = yinju(collection.settings.folder, "ask", question, "--json")
    ours, theirs = json.loads(run.stdout), client.post("/api/ask", json={"question": question}).json()
    assert run.returncode == (0 if theirs["answered"] else 3)
    assert [{**answer, "took_ms": 0} for answer in (ours,)] == [{**answer, "took_ms": 0} for answer in (theirs,)]


@pytest.mark.parametrize(
    ("quotation", "code", "lines"),
    [
        ("双方谴责将商业航天系统用于干涉主权国家内政", 0, ["found"]),
        (
            "雙方同意部署中程導彈……双方谴责将商业行天系统用于干涉主权国家内政",
            3,
            ["not found"],
        ),
        (
            "英国决定退出《苏美关于消除中程和中短程导弹条约》",
            3,
            ["altered; cut off where the sense may turn", "  ! 美 → 英 (name)"],
        ),
        ("据外媒报道,一名伊朗高级官员证实", 3, ["not found; it stands on a page, but outside the document's body"]),
        ("A nuclear war cannot be won", 3, ["not found; the collection holds nothing in its language"]),
    ],
)
def test_verify_prints_the_verdict_and_the_edits(
    collection: Collection, quotation: str, code: int, lines: list[str]
) -> None:
    run = yinju(collection.settings.folder, "verify", quotation)
    assert (run.returncode, run.stdout.splitlines()[: len(lines)], run.stderr) == (code, lines, "")


@pytest.mark.parametrize(
    "text", ["雙方譴責將商業航天系統用於干涉主權國家內政", "据外媒报道,一名伊朗高级官员证实", "6%"]
)
def test_http_and_terminal_give_equal_verdicts(client: TestClient, collection: Collection, text: str) -> None:
    run = yinju(collection.settings.folder, "verify", text, "--work", "cn-ru-2019", "--json")
    reply = client.post("/api/verify", json={"text": text, "claimed": {"work": "cn-ru-2019"}})
    if reply.status_code == 422:
        assert (run.returncode, run.stdout, run.stderr) == (1, "", f"yinju: {reply.json()['detail']}\n")
    else:
        assert run.returncode == 3 and json.loads(run.stdout) == reply.json()


def test_timeline_shows_statements_by_date_with_what_changed(client: TestClient, collection: Collection) -> None:
    run = yinju(collection.settings.folder, "timeline", "NPT")
    dates = [line[:10] for line in run.stdout.splitlines() if line[:2] == "20"]
    assert (run.returncode, dates) == (0, ["2019-06-05", "2022-02-04", "2025-05-08"])
    assert "  = 不扩散体系的基石 (peoples-daily-2025/18)\n" in run.stdout
    assert "  + 推动2026年审议大会取得成功 (peoples-daily-2025/18)\n" in run.stdout
    held = json.loads(yinju(collection.settings.folder, "timeline", "NPT", "--json").stdout)
    assert held == client.get("/api/timeline", params={"q": "NPT"}).json()


def test_export_prints_what_http_replies(client: TestClient, collection: Collection) -> None:
    for name in ("bibtex", "ris", "markdown"):
        run = yinju(collection.settings.folder, "export", "peoples-daily-2025/8", "--format", name)
        assert run.returncode == 0
        assert run.stdout == client.get(f"/api/passages/peoples-daily-2025/8?format={name}").text.replace("\r\n", "\n")
    assert yinju(collection.settings.folder, "export", "peoples-daily-2025/8").stdout.startswith(
        "中华人民共和国和俄罗斯联邦关于全球战略稳定的联合声明[N/OL]"
    )
    unknown = yinju(collection.settings.folder, "export", "un-cd-2019/8", "--format", "docx")
    assert unknown.returncode == 2 and "gbt-7714-2025" in unknown.stderr


def test_withdraw_takes_a_document_out_and_ingest_brings_it_back(data: Path) -> None:
    assert yinju(data, "withdraw", "un-cd-2019").returncode == 0
    today = datetime.date.today().isoformat()
    gone = yinju(data, "export", "un-cd-2019/8")
    assert (gone.returncode, gone.stderr) == (3, f"un-cd-2019/8: withdrawn on {today}\n")
    assert "p/hant-glossed-2019/8\n" in yinju(data, "ask", "中导条约", "--top-k", "1").stdout
    again = yinju(data, "withdraw", "un-cd-2019")
    assert (again.returncode, again.stderr) == (1, f"yinju: un-cd-2019: was withdrawn on {today}\n")
    assert yinju(data, "ingest", "--builtin").returncode == 0
    assert yinju(data, "doctor").returncode == 0
    assert "p/un-cd-2019/8 · also hant-glossed-2019/8" in yinju(data, "ask", "中导条约", "--top-k", "1").stdout


def test_nothing_found_says_so_and_exits_with_3(collection: Collection) -> None:
    run = yinju(collection.settings.folder, "ask", "How do I reset my password?")
    assert (run.returncode, run.stdout) == (3, "")
    assert run.stderr.startswith("Nothing in the collection answers this.")


@pytest.mark.parametrize(
    ("arguments", "environ", "code", "message"),
    [
        (["ask", ""], {}, 1, "yinju: the question is empty; ask with at least one letter or digit"),
        (["ask", "a", "--top-k", "0"], {}, 1, "yinju: top_k is 0; it must be from 1 to 50"),
        (["ask", "a"], {"YINJU_DTA": "x"}, 1, "yinju: unknown setting YINJU_DTA"),
        (["ask", "a"], {"YINJU_MODEL": "/no/such/model"}, 1, "yinju: /no/such/model: can't be loaded"),
        (["ask", "a"], {"YINJU_GLOSSARY": "/no/such.toml"}, 1, "yinju: /no/such.toml"),
        (["ask"], {}, 2, "Missing argument"),
        (["ingest", "/no/such/file.txt"], {}, 1, "skipped: /no/such/file.txt: No such file or directory"),
    ],
)
def test_bad_input_is_one_line_and_an_exit_code(
    data: Path, arguments: list[str], environ: dict[str, str], code: int, message: str
) -> None:
    run = yinju(data, *arguments, HF_HUB_OFFLINE="1", **environ)
    assert run.returncode == code and message in run.stderr and "Traceback" not in run.stderr


def test_a_missing_index_says_what_to_run_and_running_it_helps(tmp_path: Path) -> None:
    nothing = yinju(tmp_path / "data", "ask", "INF")
    assert nothing.returncode == 1 and "no collection here; `yinju ingest FOLDER` makes one" in nothing.stderr
    assert not (tmp_path / "data").exists()
    Store(tmp_path / "store.sqlite3")
    missing = yinju(tmp_path, "ask", "INF")
    assert missing.returncode == 1 and "no index yet; run `yinju ingest`" in missing.stderr
    own = tmp_path / "own.txt"
    own.write_text("双方强调维护全球战略稳定的重要性，愿继续加强协调。\n双方反对外空武器化，主张尽快谈判。", "utf-8")
    run = yinju(tmp_path, "ingest", str(own))
    assert run.returncode == 0 and "own: added" in run.stderr and "index built" in run.stderr
    again = yinju(tmp_path, "ingest", str(own))
    assert "1 unchanged" in again.stderr and "index up to date" in again.stderr
    found = json.loads(yinju(tmp_path, "ask", "外空武器化", "--json").stdout)
    assert [quote["passage_id"] for quote in found["quotes"]] == ["own/2"]


def test_an_index_of_another_model_is_refused(data: Path) -> None:
    with building(data / "indexes"):
        state = current(data / "indexes")
        publish(data / "indexes", replace(state, made_with={**state.made_with, "model": "static other"}))
    run = yinju(data, "ask", "INF")
    assert run.returncode == 1 and "built with model 'static other" in run.stderr and "yinju ingest" in run.stderr
    assert yinju(data, "ingest").returncode == 0
    assert yinju(data, "ask", "INF").returncode == 0


def test_doctor_finds_nothing_or_names_what_is_wrong(data: Path) -> None:
    sound = yinju(data, "doctor")
    assert (sound.returncode, sound.stdout) == (0, "") and "5 documents, 159 passages: 0 problems" in sound.stderr
    changed = "UPDATE documents SET data = CAST(data || 'x' AS BLOB) WHERE id = 'hant-2022'"
    Database(data / "store.sqlite3").rows(changed)
    (next((data / "indexes").glob("segment-*")) / "rows.jsonl").write_text("")
    broken = yinju(data, "doctor")
    assert broken.returncode == 1 and "rows.jsonl has changed" in broken.stdout
    assert "hant-2022: the stored file does not have its SHA-256 any more" in broken.stdout


def test_a_hard_wrapped_quote_is_printed_without_its_line_breaks(tmp_path: Path) -> None:
    own = tmp_path / "own.txt"
    own.write_bytes(
        b"The parties oppose the weaponization of outer space and call for early\r\n"
        b"talks on a treaty to ban it there.\r\n"
    )
    assert yinju(tmp_path, "ingest", str(own)).returncode == 0
    shown = yinju(tmp_path, "ask", "weaponization of outer space").stdout.splitlines()
    assert shown[0] == (
        "[1] The parties oppose the weaponization of outer space and call for early talks on a treaty to ban it there."
    )
    quote = json.loads(yinju(tmp_path, "ask", "weaponization of outer space", "--json").stdout)["quotes"][0]
    assert "early\ntalks" in quote["text"]


def test_a_port_in_use_is_an_error(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        run = yinju(data, "serve", "--port", str(taken.getsockname()[1]))
    assert run.returncode == 1 and "address already in use" in run.stderr


def test_a_first_start_that_was_cut_off_is_completed(tmp_path: Path) -> None:
    collection = Collection(Settings(data=tmp_path))
    ingest(collection.store, [BUILT_IN / "un-cd-2019.txt"])
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yinju(tmp_path, "serve", "--port", str(taken.getsockname()[1]))
        assert len(collection.store.members()) == 5 and collection.growth.is_current()
        collection.store.withdraw("un-cd-2019", datetime.date(2026, 1, 1))
        started = yinju(tmp_path, "serve", "--port", str(taken.getsockname()[1]))
    assert "un-cd-2019" not in started.stderr  # what was withdrawn stays away, and no file is read again
    assert len(collection.store.members()) == 4 and collection.growth.is_current()
