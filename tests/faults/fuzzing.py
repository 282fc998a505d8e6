"""Asking schemathesis for requests by the API's own description, and reading what it found."""

import asyncio
import json
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cartbridge.http.routes import Role
from cartbridge.http.server import ROUTES

# What is asked of every answer. Refusing valid data is allowed: a description cannot hold every
# rule of a shop; methods that are not there are asked one by one in the acceptance tests.
CHECKS = """
[checks]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 409, 410, 412, 413, 422]
positive_data_acceptance.enabled = false
unsupported_method.enabled = false
allow_header_conformance.enabled = false
use_after_free.enabled = false
ensure_resource_availability.enabled = false
"""
ROLE_FIRST: tuple[Role, ...] = ("pos", "shop", "ops")  # whose key is used where several may call


@dataclass(frozen=True)
class Findings:
    """What a run asked, and what it found wrong."""

    cases: int
    operations: int
    failures: frozenset[tuple[str, str]]  # what is wrong, where
    errors: int
    told: str

    def named(self, what: str) -> set[str]:
        """Where that was found wrong."""
        return {where for failure, where in self.failures if failure == what}


def configuration(
    url: str, seed: int, examples: int, phases: Iterable[str], ids: Mapping[str, list[str]]
) -> str:
    """A schemathesis.toml: the seed, how much of what, and ids that the gateway knows."""
    wanted = set(phases)
    told = [
        f'base-url = "{url}"',
        f"seed = {seed}",
        "continue-on-failure = true",
        "request-timeout = 20",
        "[generation]",
        "deterministic = true",
        "no-shrink = true",
        'database = "none"',
        f"max-examples = {examples}",
        CHECKS,
    ]
    for phase in ("examples", "coverage", "fuzzing", "stateful"):
        told += [f"[phases.{phase}]", f"enabled = {str(phase in wanted).lower()}"]
        if phase == "coverage":
            told.append("unexpected-methods = []")  # what they are answered is not looked at
    for number, values in enumerate(ids.values()):
        told += [f"[dictionaries.known-{number}]", f"values = {json.dumps(values)}"]
    told.append("[parameters]")
    for number, place in enumerate(ids):
        told.append(f'"{place}" = {{ dictionary = "known-{number}", probability = 0.6 }}')
    return "\n".join(told) + "\n"


def with_keys(keys: Mapping[Role, str]) -> str:
    """The part of a schemathesis.toml that gives each operation a key that may call it."""
    told = []
    for role in ROLE_FIRST:
        for route in ROUTES:
            if role == next(one for one in ROLE_FIRST if one in route.roles):
                told += [
                    "[[operations]]",
                    f'include-name = "{route.method} {route.path}"',
                    f'headers = {{ Authorization = "Bearer {keys[role]}" }}',
                ]
    return "\n".join(told) + "\n"


async def fuzz(url: str, folder: Path, settings: str) -> Findings:
    """Runs it in a process of its own; the description is read from the running server."""
    config, report = folder / "schemathesis.toml", folder / "report.json"
    config.write_text(settings)
    program = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")),
        *("--config-file", str(config), "run", f"{url}/openapi.json"),
        *("--report", "json", "--report-json-path", str(report), "--no-color"),
        cwd=folder,
        env={**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        told, _ = await program.communicate()
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()
    return _findings(report, told.decode(errors="replace"))


def _findings(report: Path, told: str) -> Findings:
    assert report.exists(), told
    found = json.loads(report.read_text())
    assert found["complete"], told
    return Findings(
        cases=found["test_cases"]["generated"],
        operations=found["operations"]["tested"],
        failures=frozenset(
            (failure["type"], where)
            for failure in found["failures"]
            for where in failure["operations"]
        ),
        errors=len(found["errors"]),
        told=told,
    )
