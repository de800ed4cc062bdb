"""The image and compose.yaml: who runs in them, what they expose, and how they stop."""

from __future__ import annotations

import json
import re
import shlex
import sys
import tomllib
from typing import Any

import msgspec
import pytest

from server.cli.main import _parser
from server.runtime.settings import Settings
from server.workers.supervisor import _LATE_SECONDS
from tests.house import ROOT

Service = dict[str, Any]

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = msgspec.yaml.decode((ROOT / "compose.yaml").read_bytes())
SERVICES: dict[str, Service] = COMPOSE["services"]
INSTANCES = ("one", "two")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def instructions() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile, each with its argument on one line."""
    lines = [line for line in DOCKERFILE.splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [
        (name, " ".join(argument.split()))
        for name, _, argument in (line.partition(" ") for line in joined.splitlines())
        if name
    ]


def of(name: str) -> list[str]:
    return [argument for each, argument in instructions() if each == name]


def final() -> list[tuple[str, str]]:
    """Return the instructions of the last stage."""
    every = instructions()
    last = max(index for index, (name, _) in enumerate(every) if name == "FROM")
    return every[last + 1 :]


# --- the image ------------------------------------------------------------------------------


def test_both_stages_use_one_version_of_python() -> None:
    build, last = of("FROM")
    assert build == f"{last} AS build"
    version = re.fullmatch(r"python:(3\.\d+)-slim-[a-z]+", last)
    assert version is not None
    assert tuple(map(int, version[1].split("."))) >= (3, 11)
    assert f"Python {version[1]} is the version" in DOCKERFILE


def test_the_server_does_not_run_as_root() -> None:
    (user,) = of("USER")
    uid, gid = user.split(":")
    assert int(uid) >= 10_000
    (made,) = [argument for name, argument in final() if name == "RUN"]
    assert f"--uid {uid} " in made
    assert f"groupadd --system --gid {gid} " in made
    assert [name for name, _ in final()].index("USER") > [name for name, _ in final()].index("COPY")


def test_the_image_has_no_build_tools_and_no_source() -> None:
    assert [argument for name, argument in final() if name in ("COPY", "ADD")] == [
        "--from=build /opt/weft /opt/weft"
    ]
    assert "--without-pip" in DOCKERFILE


def test_the_settings_of_the_image_are_valid() -> None:
    (given,) = of("ENV")
    env = dict(each.split("=", 1) for each in shlex.split(given))
    settings = Settings.load(env)
    assert settings.host == "0.0.0.0"
    assert of("VOLUME") == ["/data"] == of("WORKDIR")[-1:]
    assert settings.database == "sqlite+aiosqlite:////data/weft.db"
    assert env["TMPDIR"] == "/data"  # the counts of crashes survive the container
    assert of("EXPOSE") == [str(settings.port)]


def test_the_image_stops_as_the_server_expects() -> None:
    assert of("STOPSIGNAL") == ["SIGTERM"]
    # The form without a shell: the server itself gets the signal.
    (entry,), (command,) = of("ENTRYPOINT"), of("CMD")
    words = [*json.loads(entry), *json.loads(command)]
    assert words == ["weft", "serve"]
    assert _parser().parse_args(words[1:]).command == "serve"


def health_program() -> list[str]:
    """Return the health check of the image as a command. test_topology.py runs it."""
    (check,) = of("HEALTHCHECK")
    words: list[str] = json.loads(check.partition("CMD ")[2])
    assert words[0] == "python"
    return [sys.executable, *words[1:]]


def test_the_build_gets_what_the_wheel_needs_and_nothing_else() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    allowed = {line.removeprefix("!") for line in rules[1:] if line.startswith("!")}
    found = PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]
    packages = {each.rstrip("*").removesuffix(".") for each in found}
    project = PROJECT["project"]
    files = {project["readme"], *project["license-files"], "pyproject.toml", "constraints.txt"}
    assert allowed == packages | files


# --- compose.yaml ---------------------------------------------------------------------------


def test_two_equal_instances_run_behind_the_proxy() -> None:
    one, two = ({**SERVICES[name], "volumes": None} for name in INSTANCES)
    assert one == two
    assert SERVICES["one"]["volumes"] != SERVICES["two"]["volumes"]
    port = one["environment"]["WEFT_PORT"]
    addresses = " ".join(f"{name}:{port}" for name in INSTANCES)
    assert SERVICES["proxy"]["environment"]["CADDY_INSTANCES"] == addresses


def test_only_the_proxy_is_reachable_from_outside() -> None:
    assert [name for name, each in SERVICES.items() if "ports" in each] == ["proxy"]
    assert COMPOSE["networks"]["back"] == {"internal": True}
    assert SERVICES["postgres"]["networks"] == SERVICES["redis"]["networks"] == ["back"]
    assert set(SERVICES["proxy"]["networks"]) == {"front"}


def test_the_instances_trust_the_address_of_the_proxy_only() -> None:
    address = SERVICES["proxy"]["networks"]["front"]["ipv4_address"]
    for name in INSTANCES:
        assert SERVICES[name]["environment"]["WEFT_TRUSTED_PROXIES"] == address


def test_no_secret_is_in_the_file() -> None:
    for name, service in SERVICES.items():
        for key, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|TOKEN", key):
                assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", value), name
        database = service.get("environment", {}).get("WEFT_DATABASE", "")
        assert not database or re.search(r"weft:\$\{POSTGRES_PASSWORD:\?[^}]+\}@postgres", database)


def test_the_settings_of_an_instance_are_valid() -> None:
    given = {key: str(value) for key, value in SERVICES["one"]["environment"].items()}
    given["WEFT_DATABASE"] = re.sub(r"\$\{[^}]+\}", "secret", given["WEFT_DATABASE"])
    settings = Settings.load(given)
    assert settings.database == "postgresql+asyncpg://weft:secret@postgres/weft"
    assert settings.redis == "redis://redis:6379/0"


def test_the_tables_are_up_to_date_before_an_instance_starts() -> None:
    assert SERVICES["migrate"]["command"] == ["migrate"]
    assert _parser().parse_args(SERVICES["migrate"]["command"]).command == "migrate"
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in INSTANCES:
        wanted = SERVICES[name]["depends_on"]["migrate"]["condition"]
        assert wanted == "service_completed_successfully"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_restarts_is_checked_and_has_a_version(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] in ("unless-stopped", "on-failure")
    # The image of Weft has its own health check.
    assert "healthcheck" in service or service["build"] == "."
    assert service.get("build") == "." or re.search(r":\d+(\.\d+)?-\w+$", service["image"])


@pytest.mark.parametrize("name", ["one", "two", "migrate", "proxy", "redis"])
def test_a_service_can_do_no_more_than_it_must(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_a_container_is_not_killed_before_weft_has_stopped() -> None:
    grace = SERVICES["one"]["stop_grace_period"]
    assert int(grace.removesuffix("s")) > Settings().drain_seconds + _LATE_SECONDS


def test_all_that_the_file_names_exists() -> None:
    volumes, networks = set(), set()
    for service in SERVICES.values():
        networks |= set(service.get("networks", ()))
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (ROOT / source).is_file()
            else:
                volumes.add(source)
        assert set(service.get("depends_on", ())) <= set(SERVICES)
    assert volumes == set(COMPOSE["volumes"])
    assert networks == set(COMPOSE["networks"])


# --- Procfile and CI ------------------------------------------------------------------------


def test_each_command_of_the_procfile_is_one_of_weft() -> None:
    lines = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()
    commands = dict(line.split(": ", 1) for line in lines)
    assert set(commands) == {"web", "release"}
    for command in commands.values():
        program, *arguments = shlex.split(command.replace("${PORT:-8080}", "8080"))
        assert program == "weft"
        _parser().parse_args(arguments)


def test_the_workflow_runs_the_script_of_ci_only() -> None:
    workflow = msgspec.yaml.decode((ROOT / ".github/workflows/ci.yml").read_bytes())
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    assert [step["run"] for step in steps if "run" in step] == ["bash .ci/run"]
    assert (ROOT / ".ci/run").is_file()
