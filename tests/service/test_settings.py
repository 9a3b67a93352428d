"""Settings come from the environment, once, and misspellings are errors."""

from pathlib import Path

import pytest

from service.settings import Settings, SettingsError


def test_defaults_and_values() -> None:
    assert Settings.from_environ({"PATH": "/bin", "YINJU_MODEL": ""}) == Settings()
    given = {"YINJU_DATA": "/d", "YINJU_PORT": "9000", "YINJU_HOST": "0.0.0.0", "YINJU_MODEL": "BAAI/bge-m3"}
    assert Settings.from_environ(given) == Settings(Path("/d"), "0.0.0.0", 9000, "BAAI/bge-m3")
    assert Settings.from_environ({"YINJU_WORKERS": "4"}) == Settings(workers=4)


@pytest.mark.parametrize(
    "url",
    [
        "milvus+http://127.0.0.1:19530",
        "milvus+http://milvus/name/",
        "milvus+https://user:secret@host:443/name_2?shards=16",
        "milvus+file:///some/where/milvus.db",
    ],
)
def test_who_has_an_index_elsewhere_keeps_documents_only_if_told_where(url: str) -> None:
    reading = Settings.from_environ({"YINJU_INDEX": url, "YINJU_DATA": ""})
    assert (reading.index, reading.data) == (url, None)
    with pytest.raises(SettingsError, match="not taken in here"):
        _ = reading.store
    assert Settings.from_environ({"YINJU_INDEX": url, "YINJU_DATA": "/d"}).store == Path("/d/store.sqlite3")


def test_links_come_from_the_public_url_and_keep_its_path() -> None:
    assert Settings().base_url == Settings(host="0.0.0.0").base_url == "http://127.0.0.1:8000"
    assert Settings(host="::1").base_url == "http://[::1]:8000"
    assert (
        Settings.from_environ({"YINJU_PUBLIC_URL": "https://example.org/yinju/"}).base_url
        == "https://example.org/yinju"
    )


@pytest.mark.parametrize(
    ("address", "header"),
    [
        ("https://Docs.Example.org/yinju", "docs.example.org"),
        ("https://docs.example.org:443", "docs.example.org"),
        ("http://docs.example.org:8080", "docs.example.org:8080"),
        ("https://例子.example", "xn--fsqu00a.example"),
        ("http://[2001:DB8::1]:8000", "[2001:db8::1]:8000"),
    ],
)
def test_the_public_host_is_known_as_clients_write_it(address: str, header: str) -> None:
    assert Settings.from_environ({"YINJU_PUBLIC_URL": address}).own_hosts[0] == header


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"YINJU_DTA": "x"}, "unknown setting YINJU_DTA; there are YINJU_DATA, YINJU_HOST"),
        ({"YINJU_PORT": "http"}, "YINJU_PORT is 'http'"),
        ({"YINJU_PORT": "0"}, "YINJU_PORT"),
        ({"YINJU_PORT": "tcp://10.0.0.1:80"}, "YINJU_PORT"),
        ({"YINJU_WORKERS": "0"}, "YINJU_WORKERS is '0'; it must be a number from 1 to 64"),
        ({"YINJU_WORKERS": "auto"}, "YINJU_WORKERS"),
        ({"YINJU_INDEX": "http://127.0.0.1:19530"}, "YINJU_INDEX must be milvus"),
        ({"YINJU_INDEX": "milvus+http://user:secret@host/a-name"}, r"NAME is made of letters, digits and _$"),
        ({"YINJU_INDEX": "milvus+http://host/name?shards=many"}, "shards=8"),
        ({"YINJU_INDEX": "milvus+http://host:port/name"}, "HOST:PORT"),
        ({"YINJU_INDEX": "milvus+file:///folder"}, "PATH.db"),
        ({"YINJU_PUBLIC_URL": "example.org"}, "must start with http"),
        ({"YINJU_PUBLIC_URL": "https://"}, "and a host name"),
        ({"YINJU_PUBLIC_URL": "https://example.org/a b"}, "hold no white space"),
        ({"YINJU_PUBLIC_URL": "https://user:secret@example.org"}, "or @"),
        ({"YINJU_PUBLIC_URL": "https://example.org:https"}, "and a host name"),
    ],
)
def test_bad_settings_are_named(environ: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Settings.from_environ(environ)
