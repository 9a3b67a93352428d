"""compose.yaml fits the image, the settings and the routes. It is not run: that needs a Docker daemon."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from service.app import create_app
from service.collection import Collection
from service.doors.conversation import MODEL
from service.settings import Settings

ROOT = Path(__file__).parents[1]
TASKS = ("TITLE", "TAGS", "FOLLOW_UP", "AUTOCOMPLETE", "SEARCH_QUERY", "RETRIEVAL_QUERY")


def composed(**environ: str) -> dict[str, Any]:
    """The services, with `${NAME:-default}` filled in from the innermost outwards, as compose does."""
    text, known = (ROOT / "compose.yaml").read_text("utf-8"), 1
    while known:
        text, known = re.subn(r"\$\{(\w+):-([^${}]*)\}", lambda found: environ.get(found[1]) or found[2], text)
    assert "$" not in text
    held: dict[str, Any] = yaml.safe_load(text)
    volumes = [mount.partition(":")[0] for service in held["services"].values() for mount in service["volumes"]]
    assert sorted(held["volumes"]) == sorted(volumes), "a volume that is not declared, or not used"
    services: dict[str, Any] = held["services"]
    return services


def instruction(name: str) -> str:
    """The argument of the only such line of the Dockerfile."""
    (argument,) = re.findall(rf"^{name} (.+)$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    return str(argument)


def test_yinju_alone_is_what_starts_without_a_profile() -> None:
    services = composed()
    assert {name: service.get("profiles") for name, service in services.items()} == {
        "yinju": None,
        "open-webui": ["open-webui"],
    }
    assert (services["yinju"]["build"], instruction("WORKDIR")) == (".", "/home/yinju/app")


def test_only_this_machine_reaches_either() -> None:
    services = composed()
    assert services["yinju"]["ports"] == [f"127.0.0.1:8000:{instruction('EXPOSE')}"]
    assert services["open-webui"]["ports"] == ["127.0.0.1:3000:8080"]
    origins = services["open-webui"]["environment"]["CORS_ALLOW_ORIGIN"].split(";")
    assert origins == ["http://localhost:3000", "http://127.0.0.1:3000"]
    assert "network_mode" not in services["yinju"].keys() | services["open-webui"].keys()


def test_every_value_is_text_as_compose_wants_it() -> None:
    for service in composed().values():
        assert {type(value) for value in service["environment"].values()} == {str}


@pytest.mark.parametrize(
    ("environ", "address"),
    [
        ({}, "http://localhost:8000"),
        ({"PORT": "9000"}, "http://localhost:9000"),
        ({"PORT": "9000", "YINJU_PUBLIC_URL": "https://a.example.org/yinju"}, "https://a.example.org/yinju"),
    ],
)
def test_links_lead_to_where_it_is_served(environ: dict[str, str], address: str) -> None:
    yinju = composed(**environ)["yinju"]
    image = dict(pair.split("=") for pair in instruction("ENV").split())
    settings = Settings.from_environ({**image, **yinju["environment"]})  # an unknown name would raise
    assert settings.base_url == address
    assert yinju["ports"] == [f"127.0.0.1:{environ.get('PORT', '8000')}:{settings.port}"]
    assert yinju["volumes"] == [f"yinju:{settings.data}"] == [f"yinju:{instruction('VOLUME')}"]


def test_open_webui_waits_until_its_questions_can_be_answered(collection: Collection) -> None:
    services = composed()
    web = services["open-webui"]
    assert web["depends_on"] == {"yinju": {"condition": "service_healthy"}}
    check = re.search(r"^HEALTHCHECK .*\\\n.*http://127\.0\.0\.1:(\d+)(/\w+)", (ROOT / "Dockerfile").read_text(), re.M)
    assert check and check[1] == instruction("EXPOSE")
    asked = urlsplit(web["environment"]["OPENAI_API_BASE_URL"])
    assert (asked.scheme, asked.hostname, asked.port) == ("http", "yinju", int(instruction("EXPOSE")))
    paths = create_app(collection).openapi()["paths"]
    assert {check[2], f"{asked.path}/chat/completions", f"{asked.path}/models"} <= paths.keys()
    assert web["environment"]["DEFAULT_MODELS"] == MODEL


def test_open_webui_asks_nothing_behind_the_users_back() -> None:
    web = composed()["open-webui"]
    environment = web["environment"]
    off = {f"ENABLE_{task}_GENERATION" for task in TASKS} | {"ENABLE_OLLAMA_API", "ENABLE_PERSISTENT_CONFIG"}
    assert {name for name, value in environment.items() if name.startswith("ENABLE_") and value == "False"} == off
    assert (environment["WEBUI_AUTH"], environment["OFFLINE_MODE"]) == ("False", "True")
    capabilities = json.loads(environment["DEFAULT_MODEL_METADATA"])["capabilities"]
    assert {"builtin_tools", "file_context"} <= capabilities.keys() and not any(capabilities.values())
    assert re.fullmatch(r"ghcr\.io/open-webui/open-webui:v\d+\.\d+\.\d+", web["image"])
