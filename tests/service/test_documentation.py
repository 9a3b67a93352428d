"""The service keeps to what /openapi.json says of it, whatever it is sent: schemathesis makes requests out of it.

`EXAMPLES=300 pytest -n0 tests/service/test_documentation.py` sends thirty times as many of what it makes up.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from service.collection import Collection
from service.keys import Keys
from service.settings import Settings

KEY = "an ingester's key"
EXAMPLES = os.environ.get("EXAMPLES", "10")  # of each operation
# What can be asked and what exists no schema says.
UNSAID = "positive_data_acceptance"


def test_every_reply_is_as_documented(
    collection: Collection, serving: Callable[[Collection], AbstractContextManager[str]], tmp_path: Path
) -> None:
    shutil.copytree(collection.settings.folder, tmp_path / "data")
    keys = Keys((hashlib.sha256(KEY.encode()).hexdigest(),))
    with serving(Collection(Settings(data=tmp_path / "data", ingest_keys=keys))) as address:
        sent = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "run", f"{address}/openapi.json", "--no-color"),
                *("--header", f"Authorization: Bearer {KEY}", "--exclude-checks", UNSAID),
                *("--max-examples", EXAMPLES, "--generation-deterministic", "--continue-on-failure"),
            ],
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": str(Path(__file__).parents[2]),
                "SCHEMATHESIS_HOOKS": "tests.service.media_types",
            },
            capture_output=True,
            text=True,
        )
    assert sent.returncode == 0, sent.stdout + sent.stderr
    assert "19 selected / 19 total" in sent.stdout
