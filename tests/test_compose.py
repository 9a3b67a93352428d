"""compose.yaml fits its schema, the image, the settings and the routes. It is not run: that needs a Docker daemon."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from service.app import create_app
from service.collection import Collection
from service.doors import serving
from service.doors.conversation import MODEL
from service.settings import Settings
from tests.image import DOCKERFILE, environment, instruction

ROOT = Path(__file__).parents[1]
DIGEST = "0" * 64
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


def test_compose_knows_every_field(tmp_path: Path) -> None:
    text = (ROOT / "compose.yaml").read_text("utf-8")

    def checked(text: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "compose.yaml").write_text(text, "utf-8")
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    assert checked(text).returncode == 0
    misspelt = checked(text.replace("read_only:", "readonly:"))
    assert misspelt.returncode == 1 and "'readonly' was unexpected" in misspelt.stdout


def test_yinju_alone_is_what_starts_without_a_profile() -> None:
    services = composed()
    assert {name: service.get("profiles") for name, service in services.items()} == {
        "yinju": None,
        "open-webui": ["open-webui"],
    }
    index = "https://wheels.example.org/cpu"
    assert composed(TORCH_INDEX=index)["yinju"]["build"] == {"context": ".", "args": {"TORCH_INDEX": index}}
    assert re.search(r"^ARG TORCH_INDEX=$", DOCKERFILE, re.MULTILINE)


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
    yinju = composed(**environ, YINJU_READ_KEYS=DIGEST)["yinju"]
    settings = Settings.from_environ({**environment(), **yinju["environment"]})  # an unknown name would raise
    assert settings.base_url == address
    assert yinju["ports"] == [f"127.0.0.1:{environ.get('PORT', '8000')}:{settings.port}"]
    assert yinju["volumes"] == [f"yinju:{settings.data}"] == [f"yinju:{instruction('VOLUME')}"]


def test_who_may_read_is_said() -> None:
    assert composed()["yinju"]["environment"]["YINJU_READ_KEYS"] == "open"
    assert composed(YINJU_READ_KEYS=DIGEST)["yinju"]["environment"]["YINJU_READ_KEYS"] == DIGEST


def test_it_can_do_no_more_than_it_has_to() -> None:
    yinju = composed()["yinju"]
    assert (yinju["read_only"], yinju["tmpfs"], yinju["cap_drop"]) == (True, ["/tmp"], ["ALL"])
    assert yinju["security_opt"] == ["no-new-privileges:true"]
    assert {"mem_limit", "pids_limit"} <= yinju.keys() and "privileged" not in yinju
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", instruction("USER")), "a name might be root's; a number can be told"
    assert int(yinju["stop_grace_period"].removesuffix("s")) > serving._END


def test_open_webui_waits_until_its_questions_can_be_answered(collection: Collection) -> None:
    services = composed()
    web = services["open-webui"]
    assert web["depends_on"] == {"yinju": {"condition": "service_healthy"}}
    check = re.search(r"^HEALTHCHECK .*\\\n.*http://127\.0\.0\.1:(\d+)(/\w+)", DOCKERFILE, re.M)
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
