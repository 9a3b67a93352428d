"""The wheel: everything the product needs is in it, and it answers from an empty folder far from this one."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_wheel_answers(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    source, wheels, site = tmp_path / "source", tmp_path / "wheels", tmp_path / "site"
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".*", "build", "data", "*.egg-info", "__pycache__"))
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", wheels, source], check=True, cwd=tmp_path)
    (wheel,) = wheels.glob("yinju-*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", site, wheel], check=True)
    environ = {**os.environ, "PYTHONPATH": str(site), "YINJU_DATA": str(tmp_path / "data")}
    code = (
        "import service, sys; assert service.__file__.startswith(sys.argv.pop(1)); "
        "from service.doors.cli import main; main()"
    )

    def yinju(*arguments: str) -> str:
        command = [sys.executable, "-c", code, str(site), *arguments]
        return subprocess.run(command, check=True, env=environ, cwd=tmp_path, stdout=subprocess.PIPE, text=True).stdout

    yinju("ingest", "--builtin")
    answer = json.loads(yinju("ask", "中导条约", "--json"))
    assert answer["quotes"][0]["passage_id"] == "un-cd-2019/8"
    assert {path.name for path in (site / "service" / "doors" / "web" / "static" / "swagger-ui").iterdir()} >= {
        "swagger-ui.css"
    }
