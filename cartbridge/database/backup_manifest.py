"""What a backup tells of itself: what is in it, whose it is, and how to know that it is whole."""

import asyncio
import base64
import binascii
import hashlib
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from cartbridge.database.copying import BackupRefused
from cartbridge.database.data_folder import sync_folder
from cartbridge.database.migrate import Migration
from cartbridge.database.vault import MasterKeyError, Vault

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"  # written last: a folder without it is no backup
KEY_TABLES: Final = ("day_key", "document_key", "person_key")
_PROOF: Final = b"backup proof"
_CHUNK: Final = 1 << 20


class Copy(BaseModel):
    """A file of the backup, and how to tell that it is undamaged."""

    model_config = ConfigDict(frozen=True)

    name: str
    size: int
    sha256: str


class _Maker(BaseModel):
    """What every format of a manifest tells, also one that is not known here."""

    format: int
    cartbridge: str


class Manifest(BaseModel):
    """What both halves of a backup, the data and the keys, tell of themselves."""

    model_config = ConfigDict(frozen=True)

    format: int = FORMAT
    cartbridge: str  # the version that made it
    made_at: datetime  # by the database's clock: what was committed by then is in it
    installation: datetime  # when the database was first made: tells two of them apart
    tables: dict[str, int]  # how many rows of each are in it
    file: Copy
    proof: str  # the installation, encrypted under the master key
    seal: str = ""  # over all of the above; nobody makes one without the master key


class DataManifest(Manifest):
    """The data: everything but the keys."""

    server: int  # PostgreSQL's major version
    programs: int  # that of pg_dump
    migrations: dict[str, str]  # by name, the hash of each
    owners: dict[str, str]  # functions, by whom they work as if he is not the database's owner
    cursor: str  # where the feed stood


class KeysManifest(Manifest):
    """The wrapped keys of persons, documents and days."""


AnyManifest = TypeVar("AnyManifest", bound=Manifest)


def proof_of(vault: Vault, installation: datetime) -> str:
    """Something that only the same master key opens."""
    secret = installation.isoformat().encode()
    return base64.b64encode(vault.wrap(secret, _PROOF)).decode("ascii")


def write_manifest(folder: Path, manifest: Manifest, vault: Vault) -> None:
    """Seal the manifest and put it into its folder (0600), in place of an older one."""
    sealed = manifest.model_copy(update={"seal": _seal(manifest, vault)})
    draft = folder / f".{MANIFEST}.new"
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(sealed.model_dump_json(indent=2) + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.rename(folder / MANIFEST)
    sync_folder(folder)


def read_manifest(folder: Path, model: type[AnyManifest]) -> AnyManifest:
    """The manifest in that folder, not yet proved; BackupRefused if there is none to read."""
    file = folder / MANIFEST
    if not file.is_file():
        raise BackupRefused(
            f"{folder} holds no {MANIFEST}: it is no backup, or one that was not finished. Name "
            "another folder"
        )
    try:
        _refuse_newer_format(folder, _Maker.model_validate_json(file.read_bytes()))
        return model.model_validate_json(file.read_bytes())
    except ValidationError:
        raise BackupRefused(f"{file} cannot be read: use another copy of this backup") from None


def _refuse_newer_format(folder: Path, found: _Maker) -> None:
    if found.format > FORMAT:
        raise BackupRefused(
            f"{folder} was made by CartBridge {found.cartbridge}, which is newer: restore it with "
            "that version"
        )


def prove(folder: Path, manifest: Manifest, vault: Vault) -> None:
    """MasterKeyError if another master key made it, BackupRefused if it was changed since."""
    try:
        vault.unwrap(base64.b64decode(manifest.proof), _PROOF)
        mine = manifest.seal == _seal(manifest, vault)
    except (MasterKeyError, binascii.Error):
        raise BackupRefused(
            f"the master key here is not the one of {folder}: set CARTBRIDGE_MASTER_KEY to the one "
            "of the gateway that was backed up, or put its master.key back into the data folder"
        ) from None
    if not mine:
        raise BackupRefused(
            f"{folder / MANIFEST} was changed after it was written: use another copy of this backup"
        )


def _seal(manifest: Manifest, vault: Vault) -> str:
    told = manifest.model_dump_json(exclude={"seal"})
    return vault.keyed_hash("backup manifest", told).hex()


def refuse_newer(folder: Path, manifest: DataManifest, known: list[Migration]) -> None:
    """BackupRefused if the database in it was prepared for a version that is not this one."""
    ours = {migration.name: migration.sha256 for migration in known}
    strange = [name for name, digest in manifest.migrations.items() if ours.get(name) != digest]
    if strange:
        raise BackupRefused(
            f"{folder} was made by CartBridge {manifest.cartbridge}, whose database has "
            f"{', '.join(sorted(strange))}: restore it with that version or a newer one"
        )


async def describe(file: Path) -> Copy:
    """A file as it is now."""
    return await asyncio.to_thread(_described, file)


async def refuse_damaged(folder: Path, copy: Copy, told: Callable[[str], None]) -> Path:
    """The file, if it is byte for byte what was written; else BackupRefused."""
    file = folder / Path(copy.name).name
    told(f"reading {file}")
    if not file.is_file():
        raise BackupRefused(f"{file} is missing: use another copy of this backup")
    if await describe(file) != copy:
        raise BackupRefused(
            f"{file} is damaged: its checksum differs. Nothing was restored: use another copy of "
            "this backup, or an older one"
        )
    return file


def _described(file: Path) -> Copy:
    digest = hashlib.sha256()
    size = 0
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return Copy(name=file.name, size=size, sha256=digest.hexdigest())
