"""kubernetes.yaml fits Kubernetes' schemas, the image, the settings and the routes. Not run: that needs a cluster."""

import copy
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from service.app import create_app
from service.collection import Collection
from service.doors import serving
from service.settings import Settings, SettingsError
from service.version import version
from tests.image import environment, instruction

DIGEST = "0" * 64
MANIFEST = (Path(__file__).parents[1] / "kubernetes.yaml").read_text("utf-8")


@pytest.fixture
def held() -> dict[str, Any]:
    """What is declared, by its kind."""
    return {resource["kind"]: resource for resource in yaml.safe_load_all(MANIFEST)}


@pytest.fixture
def pod(held: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = held["Deployment"]["spec"]["template"]["spec"]
    return spec


@pytest.fixture
def container(pod: dict[str, Any]) -> dict[str, Any]:
    (only,) = pod["containers"]
    return dict(only)


@pytest.mark.parametrize("release", ["1.30", kubernetes_validate.latest_version()])
def test_kubernetes_knows_every_field(held: dict[str, Any], release: str) -> None:
    assert held.keys() == {"Deployment", "Service", "PersistentVolumeClaim"}, "a secret is named here, but not held"
    for resource in held.values():
        kubernetes_validate.validate(resource, release, strict=True)
    misspelt = copy.deepcopy(held["Deployment"])
    misspelt["spec"]["template"]["spec"]["enableServiceLink"] = False
    with pytest.raises(kubernetes_validate.ValidationError, match="enableServiceLink"):
        kubernetes_validate.validate(misspelt, release, strict=True)


def test_one_process_keeps_the_store(held: dict[str, Any], pod: dict[str, Any]) -> None:
    deployment, claim = held["Deployment"]["spec"], held["PersistentVolumeClaim"]
    assert (deployment["replicas"], deployment["strategy"]) == (1, {"type": "Recreate"})
    assert claim["spec"]["accessModes"] == ["ReadWriteOnce"]
    claimed = [volume["persistentVolumeClaim"] for volume in pod["volumes"] if "persistentVolumeClaim" in volume]
    assert claimed == [{"claimName": claim["metadata"]["name"]}]
    assert pod["terminationGracePeriodSeconds"] > serving._END


def test_the_service_leads_to_it(held: dict[str, Any], container: dict[str, Any]) -> None:
    deployment, service = held["Deployment"]["spec"], held["Service"]
    labels = deployment["template"]["metadata"]["labels"]
    assert labels == deployment["selector"]["matchLabels"] == service["spec"]["selector"]
    (port,) = service["spec"]["ports"]
    assert container["ports"] == [{"name": port["targetPort"], "containerPort": int(instruction("EXPOSE"))}]


def test_every_variable_is_a_setting_and_no_other_comes_along(
    held: dict[str, Any], pod: dict[str, Any], container: dict[str, Any]
) -> None:
    given = {one["name"]: one.get("value", DIGEST) for one in container["env"]}
    settings = Settings.from_environ({**environment(), **given})  # an unknown name would raise
    assert settings.read_keys and settings.read_keys.digests == settings.ingest_keys.digests == (DIGEST,)
    service = held["Service"]
    inside = f"{service['metadata']['name']}:{service['spec']['ports'][0]['port']}"
    assert (settings.base_url, settings.hosts) == (f"http://{inside}", (inside,))

    secrets = {one["name"]: one["valueFrom"]["secretKeyRef"] for one in container["env"] if "valueFrom" in one}
    assert {name: bool(secret.get("optional")) for name, secret in secrets.items()} == {
        "YINJU_READ_KEYS": False,  # without it nothing starts, rather than that everybody may read
        "YINJU_INGEST_KEYS": True,
    }
    (made,) = [line for line in MANIFEST.splitlines() if line.startswith("# kubectl create secret generic ")]
    assert secrets["YINJU_READ_KEYS"] == {"name": made.split()[5], "key": "read-keys"}
    assert f"--from-literal={secrets['YINJU_READ_KEYS']['key']}=" in made

    assert pod["enableServiceLinks"] is False
    with pytest.raises(SettingsError, match="YINJU_PORT"):
        Settings.from_environ({"YINJU_PORT": "tcp://10.0.0.1:8000"})


def test_nobody_special_runs_it_and_writes_where_the_image_does(pod: dict[str, Any], container: dict[str, Any]) -> None:
    user, group = map(int, instruction("USER").split(":"))
    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": user,
        "runAsGroup": group,
        "fsGroup": group,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["automountServiceAccountToken"] is False
    mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    assert mounts.keys() == {environment()["YINJU_DATA"], "/tmp"}
    assert set(mounts.values()) == {volume["name"] for volume in pod["volumes"]}
    assert container["image"] == f"yinju:{version()}"


def test_it_is_asked_where_anybody_may(collection: Collection, container: dict[str, Any]) -> None:
    probes = {name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
    assert {name: probe["path"] for name, probe in probes.items()} == {
        "startup": "/readyz",
        "liveness": "/livez",
        "readiness": "/readyz",
    }
    (port,) = container["ports"]
    assert {probe["port"] for probe in probes.values()} == {port["name"]}
    assert {probe["path"] for probe in probes.values()} <= create_app(collection).openapi()["paths"].keys()
