"""Finding a connector to work on: an installed one by its name, any other by its folder."""

import importlib
import json
import sys
import tomllib
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import BaseModel, ValidationError

from cartbridge.administration.complaints import MISUSED, CommandRefused
from cartbridge.sdk.contract import Connector
from cartbridge.services.connectors import GROUP

PROJECT: Final = "pyproject.toml"
BESIDE: Final = Path("tests", "settings.json")


class Loaded(NamedTuple):
    """A connector, and its folder where it was named by one."""

    connector: Connector
    folder: Path | None


def load(named: str) -> Loaded:
    """The connector of a folder or of that name; CommandRefused says what there is instead."""
    folder = Path(named)
    if (folder / PROJECT).is_file():
        return Loaded(_made(_declared(folder), folder), folder)
    installed = {entry.name: entry for entry in entry_points(group=GROUP)}
    if named in installed:
        return Loaded(_made(installed[named], None), None)
    if folder.is_dir():
        raise CommandRefused(f"{named} has no {PROJECT}: name a connector's own folder", MISUSED)
    known = ", ".join(sorted(installed)) or "none"
    raise CommandRefused(
        f"no connector {named} is installed, and it is no folder; installed are: {known}", MISUSED
    )


def settings_of(loaded: Loaded, file: Path | None) -> BaseModel:
    """The settings in a JSON file, or in the folder's own; CommandRefused says what is wrong."""
    asked = loaded.connector.manifest.settings
    if file is None and loaded.folder is not None and (loaded.folder / BESIDE).is_file():
        file = loaded.folder / BESIDE
    if file is None:
        names = ", ".join(asked.model_fields) or "nothing"
        raise CommandRefused(
            f"write the settings to try it with as a JSON object ({names}), and name the file with "
            f"--settings, or put it at {BESIDE} in the connector's folder",
            MISUSED,
        )
    try:
        return asked.model_validate(json.loads(file.read_bytes()))
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False, include_context=False)
        said = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in faults)
    except ValueError as error:
        said = f"not JSON: {error}"
    raise CommandRefused(f"{file}: {said}", MISUSED)


def _declared(folder: Path) -> EntryPoint:
    """What the folder's own project file declares; it need not be installed."""
    try:
        told = tomllib.loads((folder / PROJECT).read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CommandRefused(f"{folder / PROJECT} is not TOML: {error}", MISUSED) from None
    declared: dict[str, Any] = told.get("project", {}).get("entry-points", {}).get(GROUP, {})
    if len(declared) != 1:
        raise CommandRefused(
            f'{folder / PROJECT} declares {len(declared)} connectors: put one line, name = "'
            f'package:Class", under [project.entry-points."{GROUP}"]',
            MISUSED,
        )
    ((name, value),) = declared.items()
    return EntryPoint(name, value, GROUP)


def _made(entry: EntryPoint, folder: Path | None) -> Connector:
    if folder is not None:
        sys.path.insert(0, str(folder.resolve()))
        importlib.invalidate_caches()
    try:
        connector = entry.load()()
    except (ImportError, AttributeError, SyntaxError) as error:
        raise CommandRefused(
            f"{entry.name} cannot be imported ({type(error).__name__}: {error}): mend it, or "
            "install what it needs"
        ) from error
    if not isinstance(connector, Connector):
        raise CommandRefused(f"{entry.value} is no Connector: inherit cartbridge.sdk's")
    return connector
