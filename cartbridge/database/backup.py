"""Copies the database while the gateway goes on working; the keys go into a copy of their own."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

from cartbridge import __version__
from cartbridge.database.backup_manifest import (
    KEY_TABLES,
    MANIFEST,
    DataManifest,
    KeysManifest,
    describe,
    proof_of,
    read_manifest,
    write_manifest,
)
from cartbridge.database.copying import BackupRefused, Copiers, choose_copiers, dump
from cartbridge.database.feed import cursor_at
from cartbridge.database.moment import Moment, beating, frozen
from cartbridge.database.vault import Vault

DATA_FILE: Final = "database.dump"
KEY_FILES: Final = "keys-*.dump"

Told = Callable[[str], None]


@dataclass(frozen=True)
class Backup:
    """What was written: the data, and apart from it the keys."""

    data: DataManifest
    keys: KeysManifest


async def back_up(
    dsn: str, folder: Path, keys: Path, vault: Vault, told: Told, programs: Path | None = None
) -> Backup:
    """Write the data to an empty folder and the keys, newer ones in place of older, to another.

    Both are of the same moment. `told` hears what is being done. BackupRefused says what to mend.
    """
    await asyncio.to_thread(_prepare, folder, keys)
    data_file = folder / DATA_FILE
    key_file = keys / f"keys-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.dump"
    try:
        moment, copiers = await _copied(dsn, data_file, key_file, told, programs)
        told("computing checksums")
        proof = proof_of(vault, moment.row["installation"])
        data = DataManifest(
            **_alike(moment, moment.counts.keys() - set(KEY_TABLES)),
            file=await describe(data_file),
            proof=proof,
            server=moment.row["server"],
            programs=copiers.major,
            migrations=moment.migrations,
            owners=moment.owners,
            cursor=cursor_at(moment.row["positions"]),
        )
        wrapped = KeysManifest(
            **_alike(moment, set(KEY_TABLES)), file=await describe(key_file), proof=proof
        )
        write_manifest(keys, wrapped, vault)
    except BaseException:
        data_file.unlink(missing_ok=True)
        key_file.unlink(missing_ok=True)
        raise
    _forget_older(keys, key_file)
    write_manifest(folder, data, vault)
    return Backup(data, wrapped)


async def _copied(
    dsn: str, data_file: Path, key_file: Path, told: Told, programs: Path | None
) -> tuple[Moment, Copiers]:
    """Both files, and the moment they are of."""
    async with frozen(dsn) as (connection, moment):
        _refuse_keys_of_another(key_file.parent, moment.row["installation"])
        copiers = await asyncio.to_thread(choose_copiers, moment.row["server"], programs)
        options = [f"--snapshot={moment.row['snapshot']}"]
        if moment.filtered:
            options.append("--enable-row-security")
        await beating(
            connection,
            _dump_data(copiers, dsn, data_file, options, told),
            _dump_keys(copiers, dsn, key_file, options),
        )
    return moment, copiers


def _alike(moment: Moment, tables: set[str]) -> dict[str, Any]:
    """What both manifests say alike, of these tables."""
    return {
        "cartbridge": __version__,
        "made_at": moment.row["made_at"],
        "installation": moment.row["installation"],
        "tables": {name: moment.counts[name] for name in sorted(tables)},
    }


def _prepare(folder: Path, keys: Path) -> None:
    for one in (folder, keys):
        one.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise BackupRefused(f"{folder} is not empty: name a new folder for each backup")
    strange = [
        file.name
        for file in keys.iterdir()
        if not fnmatch(file.name, KEY_FILES) and MANIFEST not in file.name
    ]
    if strange:
        raise BackupRefused(
            f"{keys} holds {strange[0]}, too: name a folder with --keys that is for keys alone"
        )


def _refuse_keys_of_another(keys: Path, installation: datetime) -> None:
    if not (keys / MANIFEST).exists():
        return
    if read_manifest(keys, KeysManifest).installation != installation:
        raise BackupRefused(
            f"{keys} holds the keys of another installation: name another folder with --keys"
        )


def _forget_older(keys: Path, newest: Path) -> None:
    """A person erased since an older copy of the keys would come back with it."""
    for file in keys.glob(KEY_FILES):
        if file != newest:
            file.unlink()


async def _dump_data(
    copiers: Copiers, dsn: str, file: Path, options: list[str], told: Told
) -> None:
    without = [f"--exclude-table-data=public.{name}" for name in KEY_TABLES]
    await dump(
        copiers,
        dsn,
        file,
        "--schema=public",
        *without,
        *options,
        told=lambda size: told(f"writing {file}: {sized(size)}"),
    )


async def _dump_keys(copiers: Copiers, dsn: str, file: Path, options: list[str]) -> None:
    tables = [f"--table=public.{name}" for name in KEY_TABLES]
    await dump(copiers, dsn, file, "--data-only", *tables, *options, told=lambda size: None)


def sized(size: int) -> str:
    """A number of bytes as people read it: 12.3 MB."""
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.1f} kB"
