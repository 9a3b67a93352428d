"""The image holds what was tested: every version that runs is locked as in constraints.txt, with its digests."""

import re
import tomllib
from fnmatch import fnmatch
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.image import DOCKERFILE

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.lock", "requirements-torch.lock", "requirements-torch-cpu.lock")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
NOT_RUN = {"plots", "test", "training"}  # extras that no service has a use for


def pins(file: str) -> dict[str, Requirement]:
    """The requirements of a lock or of constraints.txt by name, in the standard's spelling."""
    lines = (ROOT / file).read_text("utf-8").replace("\\\n", "").splitlines()
    found = [Requirement(line.partition("--hash")[0]) for line in lines if line and line.lstrip()[0] != "#"]
    return {canonicalize_name(requirement.name): requirement for requirement in found}


def version(pin: Requirement) -> str:
    """The only one that it allows."""
    assert re.fullmatch(r"==[^*,]+", str(pin.specifier))
    return str(pin.specifier).removeprefix("==")


@cache
def needed(requirement: str, extra: str = "") -> frozenset[str]:
    """The names of all that is installed on account of it, itself included."""
    wanted = Requirement(requirement)
    if wanted.marker and not wanted.marker.evaluate({"extra": extra}):
        return frozenset()
    below = [
        needed(one, named) for one in metadata.requires(wanted.name) or () for named in ("", *sorted(wanted.extras))
    ]
    return frozenset({canonicalize_name(wanted.name)}).union(*below)


def run_time() -> frozenset[str]:
    """The names of all that the service needs where it has all its extras."""
    extras = PROJECT["optional-dependencies"]
    of_extras = [one for extra in extras.keys() - NOT_RUN for one in extras[extra]]
    return frozenset().union(*map(needed, [*PROJECT["dependencies"], *of_extras]))


def test_all_that_runs_is_locked_as_it_was_tested_and_nothing_else() -> None:
    locked, constraints = pins("requirements.lock"), pins("constraints.txt")
    of_torch = pins("requirements-torch.lock")
    apart = of_torch.keys() - locked.keys()  # PyTorch, and what only its builds with CUDA need
    here = {name for name, pin in locked.items() if not pin.marker or pin.marker.evaluate()}
    assert len(here) > 80 and "torch" in apart
    assert here == run_time() - apart
    assert {name: version(locked[name]) for name in here} == {name: version(constraints[name]) for name in here}
    shared = of_torch.keys() & locked.keys()
    assert {name: version(of_torch[name]) for name in shared} == {name: version(locked[name]) for name in shared}
    assert needed("torch") <= locked.keys() | of_torch.keys()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_version_has_its_digests_and_none_an_address(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    lines = [line for line in text.replace("\\\n", "").splitlines() if line and line.lstrip()[0] != "#"]
    assert "://" not in text and not re.search(r"^\s*-", text.replace("    --hash=", ""), re.MULTILINE)
    for line in lines:
        _, *hashes = line.split("--hash=")
        assert hashes and all(re.fullmatch(r"sha256:[0-9a-f]{64}", one.strip()) for one in hashes), line


@pytest.mark.parametrize("lock", LOCKS[1:])
def test_pytorch_is_of_the_tested_version_whatever_it_is_built_for(lock: str) -> None:
    assert version(pins(lock)["torch"]) == version(pins("constraints.txt")["torch"])


def test_the_lock_is_made_for_what_the_service_can_do() -> None:
    recipe = (ROOT / "Makefile").read_text("utf-8").partition("\nlock:")[2]
    assert set(re.findall(r"--extra (\w+)", recipe)) == PROJECT["optional-dependencies"].keys() - NOT_RUN


def test_the_image_installs_by_digest_alone() -> None:
    installed = DOCKERFILE.replace("\\\n", "")
    assert set(re.findall(r"-r (requirements\S*\.lock)", installed)) == set(LOCKS)
    (pip,) = re.findall(r'pip="([^"]*)"', installed)
    assert {"--require-hashes", "--no-deps", "--no-build-isolation"} <= set(pip.split())
    # The project itself is not in a lock; it may bring nothing along, nor fetch what it is built with.
    (own,) = re.findall(r"^RUN .*?/pip install (.*?) \. ", installed, re.MULTILINE)
    assert {"--no-deps", "--no-build-isolation"} <= set(own.split())
    assert len(re.findall(r"pip install", installed)) == 2


def test_what_it_is_built_from_is_let_in_and_nothing_else() -> None:
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert lines[1] == "*"
    let_in = {line.removeprefix("!") for line in lines if line.startswith("!")}
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]
    packages = {name.partition(".")[0] for name in tools["setuptools"]["packages"]}
    files = {"pyproject.toml", PROJECT["readme"], *PROJECT["license-files"]}
    assert let_in == packages | files | {"requirements*.lock"}
    assert all(fnmatch(lock, "requirements*.lock") for lock in LOCKS)
