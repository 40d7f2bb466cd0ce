"""The two commands, the locks, and the files for deployment: what can be checked without a bare machine or Docker."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = ("bin/demo", "bin/test", "bin/_setup", ".ci/run")
LOCKS = ("requirements.lock", "requirements-test.lock")


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


# ---- the two commands


@pytest.mark.parametrize("script", SCRIPTS)
def test_script_is_good_bash(script: str) -> None:
    assert subprocess.run(["bash", "-n", str(ROOT / script)], check=False).returncode == 0


@pytest.mark.parametrize("script", ["bin/demo", "bin/test", ".ci/run"])
def test_script_can_be_called(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)


def bare_project(folder: Path) -> Path:
    """A copy of the scripts and locks, as in a fresh clone, and an empty folder of programs."""
    project = folder / "project"
    shutil.copytree(ROOT / "bin", project / "bin")
    for name in (*LOCKS, "pyproject.toml"):
        shutil.copy(ROOT / name, project / name)
    return project


def setup_with(project: Path, call: str, **stubs: str) -> subprocess.CompletedProcess[str]:
    """Runs a piece of bin/_setup where only the named stubs and the plainest programs are found."""
    programs = project / "programs"
    programs.mkdir(exist_ok=True)
    for name in ("bash", "cat", "cut", "dirname", "sha256sum", "mktemp", "tail", "sleep", "rm", "grep", "sort"):
        path = shutil.which(name)
        assert path
        (programs / name).unlink(missing_ok=True)
        (programs / name).symlink_to(path)
    for name, text in stubs.items():
        stub = programs / name.replace("_", "-")
        stub.write_text(f"#!/bin/bash\n{text}\n")
        stub.chmod(0o755)
    return subprocess.run(
        ["bash", "-c", f"source bin/_setup; {call}"],
        cwd=project,
        env={"PATH": str(programs), "HOME": str(project)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_another_system_is_told_in_a_sentence_what_is_needed(tmp_path: Path) -> None:
    done = setup_with(bare_project(tmp_path), "packages 'Installing PostgreSQL' postgresql-15-postgis-3")
    assert done.returncode == 1
    assert "docker-compose.yml" in done.stderr
    assert "postgresql-15-postgis-3" in done.stderr


def test_without_sudo_the_line_for_root_is_said(tmp_path: Path) -> None:
    call = "as_root() { fail never; }; packages 'Installing a thing' thing"
    project = bare_project(tmp_path)
    text = (project / "bin/_setup").read_text().replace("EUID", "PRETENDED_USER")
    (project / "bin/_setup").write_text(text)
    done = setup_with(project, f"PRETENDED_USER=1000; {call}", apt_get="exit 9")
    assert done.returncode == 1
    assert "As root: apt-get install --no-install-recommends thing" in done.stderr


def test_failed_step_shows_the_end_of_what_it_said(tmp_path: Path) -> None:
    done = setup_with(bare_project(tmp_path), "run 'Doing it' bash -c 'echo reason; exit 3'; echo went-on")
    assert done.returncode == 1
    assert "reason" in done.stderr
    assert "✗ Doing it: failed" in done.stderr
    assert "went-on" not in done.stdout


def test_environment_is_made_once_for_each_lock(tmp_path: Path) -> None:
    """A stamp of lock and pyproject.toml: the second run asks nobody, a changed lock does."""
    project = bare_project(tmp_path)
    python = project / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/bash\n[[ $1 == -c ]] || echo "$*" >>{project}/asked\n')
    python.chmod(0o755)
    call = "environment base requirements.lock"
    assert setup_with(project, call).returncode == 0
    asked = (project / "asked").read_text()
    assert "--require-hashes --requirement requirements.lock" in asked
    assert "--no-deps --no-build-isolation --editable ." in asked
    assert setup_with(project, call).returncode == 0
    assert (project / "asked").read_text() == asked
    with (project / "requirements.lock").open("a") as lock:
        lock.write("# changed\n")
    assert setup_with(project, call).returncode == 0
    assert (project / "asked").read_text() == asked * 2


def test_relative_home_is_where_the_person_stands(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    command = f'cd {tmp_path}; export GRIDMAP_HOME=here; source project/bin/_setup; echo "$GRIDMAP_HOME"; pwd'
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(tmp_path / "here"), str(project)]


def test_settings_of_the_caller_do_not_reach_the_tests() -> None:
    """bin/test drops them before anything else reads them."""
    first = read("bin/test").split("source")[0]
    command = f'{first}\necho "${{GRIDMAP_HOME-none}} ${{PGHOST-none}}"'
    given = {**os.environ, "GRIDMAP_HOME": "/x", "PGHOST": "elsewhere"}
    done = subprocess.run(["bash", "-c", command], env=given, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["none", "none"]


# ---- locks


def locked(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)(?:\[[^]]*\])?==([^\s;]+)", read(name), re.MULTILINE))


@pytest.mark.parametrize("name", LOCKS)
def test_lock_has_hashes_and_no_address(name: str) -> None:
    text = read(name)
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text
    entries = re.split(r"^(?=[a-z0-9._-]+(?:\[[^]]*\])?==)", text, flags=re.MULTILINE)[1:]
    assert len(entries) > 40
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert "uv pip compile --universal" in text.split("\n")[1]


def test_locks_agree_and_cover_what_is_declared() -> None:
    base, test = locked(LOCKS[0]), locked(LOCKS[1])
    assert base.items() <= test.items()
    project = tomllib.loads(read("pyproject.toml"))
    declared = [re.split(r"[\[<>=~! ]", line)[0].lower() for line in project["project"]["dependencies"]]
    assert set(declared) <= base.keys()
    extra = project["project"]["optional-dependencies"]["test"]
    assert {re.split(r"[\[<>=~! ]", line)[0].lower() for line in extra} <= test.keys()
    assert "hatchling" in base
    assert "editables" in base


# ---- Docker


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found = yaml.safe_load(read("docker-compose.yml"))
    assert isinstance(found, dict)
    return found


def test_ports_are_published_to_this_machine_only(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", ())]
    assert len(ports) == 1
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_database_and_web_are_watched(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert "pg_isready" in services["db"]["healthcheck"]["test"]
    assert "--host=127.0.0.1" in services["db"]["healthcheck"]["test"]
    assert "/healthz" in services["web"]["healthcheck"]["test"][-1]
    for name in ("web", "work", "backup"):
        assert services[name]["depends_on"]["db"] == {"condition": "service_healthy"}
        assert services[name]["depends_on"]["setup"] == {"condition": "service_completed_successfully"}
    assert services["setup"]["depends_on"] == {"db": {"condition": "service_healthy"}}


def test_our_containers_have_no_rights(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        if name == "db":
            continue
        assert service["user"] == "10001:10001"
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_what_serves_does_not_know_the_owner(compose: dict[str, Any]) -> None:
    for name in ("web", "work"):
        text = repr(compose["services"][name]["environment"])
        assert "OWNER" not in text
        assert "SUPERUSER" not in text
        assert "user=gridmap_app" in text
    assert "GRIDMAP_OWNER_URL" in compose["services"]["backup"]["environment"]


def test_passwords_are_never_written_down(compose: dict[str, Any]) -> None:
    assert re.findall(r"password=(?!\$\{GRIDMAP_\w+_PASSWORD)", read("docker-compose.yml")) == []
    assert compose["services"]["db"]["environment"]["POSTGRES_PASSWORD"].startswith("${GRIDMAP_SUPERUSER_PASSWORD:?")


def test_only_the_proxy_side_of_the_network_may_ask(compose: dict[str, Any]) -> None:
    gateway = compose["networks"]["inside"]["ipam"]["config"][0]["gateway"]
    assert compose["services"]["web"]["environment"]["GRIDMAP_TRUSTED_PROXY"] == gateway


def test_image_runs_without_root_and_from_the_lock() -> None:
    lines = read("Dockerfile").splitlines()
    stages = [number for number, line in enumerate(lines) if line.startswith("FROM ")]
    last = "\n".join(lines[stages[-1] :])
    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert last.index("USER ") < last.index("CMD ")
    assert "nodejs" not in last
    assert "--require-hashes" in read("Dockerfile")
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", read("Dockerfile"), re.MULTILINE):
        for name in source.split():
            assert f"!{name.split('/')[0]}" in read(".dockerignore"), name


# ---- systemd and proxies


def unit(name: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in read(f"deploy/{name}").splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


@pytest.mark.parametrize(("name", "command"), [("gridmap", "serve"), ("gridmap-work", "work")])
def test_units_need_the_database_and_are_fenced_in(name: str, command: str) -> None:
    lines = unit(f"{name}.service")
    assert lines["ExecStart"] == [f"/opt/gridmap/.venv/bin/gridmap {command}"]
    assert lines["Requires"] == ["gridmap-db.service"]
    assert "gridmap-db.service" in lines["After"][0]
    assert lines["NoNewPrivileges"] == ["yes"]
    assert lines["ProtectSystem"] == ["strict"]
    assert lines["ReadWritePaths"] == ["/var/lib/gridmap"]
    assert "CAP_SYS_ADMIN" not in lines["CapabilityBoundingSet"][0]
    assert lines["Restart"] == ["on-failure"]


def test_database_unit_stops_it_properly() -> None:
    lines = unit("gridmap-db.service")
    assert lines["ExecStart"] == ["/opt/gridmap/.venv/bin/gridmap db start"]
    assert lines["ExecStop"] == ["/opt/gridmap/.venv/bin/gridmap db stop"]
    assert (lines["Type"], lines["RemainAfterExit"]) == (["oneshot"], ["yes"])


def test_all_units_share_one_home() -> None:
    homes = {tuple(unit(path.name)["Environment"]) for path in (ROOT / "deploy").glob("*.service")}
    assert homes == {("GRIDMAP_HOME=/var/lib/gridmap/main",)}


@pytest.mark.parametrize("name", ["nginx.conf", "Caddyfile"])
def test_proxies_set_the_address_and_pass_streams_on(name: str) -> None:
    text = read(f"deploy/{name}")
    assert "127.0.0.1:8000" in text
    assert "X-Forwarded-For" in text
    assert "$proxy_add_x_forwarded_for" not in text
    assert text.count("{") == text.count("}")
    assert re.search(r"proxy_buffering off|flush_interval -1", text)
