"""Copying all there is, and bringing it back: `backup` and `restore`."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer

from cartbridge.administration import upkeep
from cartbridge.administration.complaints import MISUSED, CommandRefused
from cartbridge.administration.session import database_address, foundation_of, quiet_settings
from cartbridge.administration.showing import err, say
from cartbridge.database.backup import Backup, back_up, sized
from cartbridge.database.backup_manifest import DataManifest
from cartbridge.database.copying import BackupRefused
from cartbridge.database.migrate import migrate
from cartbridge.database.restore import restore as bring_back
from cartbridge.database.vault import Vault, open_vault
from cartbridge.settings import Settings

KEYS_FOLDER: Final = "cartbridge-keys"
KEYS_DAYS: Final = 30  # how long a copy of the keys may live: within a month a person is forgotten
Answer = TypeVar("Answer")

Folder = Annotated[Path, typer.Argument(help="The folder of this backup.", file_okay=False)]
Keys = Annotated[
    Path | None,
    typer.Option(
        help=f"The folder of the keys; {KEYS_FOLDER} beside the backup if it is not said.",
        file_okay=False,
    ),
]


def backup(folder: Folder, keys: Keys = None) -> None:
    """Copy the database to a new folder, and the keys of persons to another, both 0600.

    The gateway goes on working meanwhile; both copies are of one moment. The folder of the keys
    holds only the newest: it opens every older backup, too, and whoever was erased stays erased.
    The master key is in neither.

    \b
    Examples:
      cartbridge backup /backup/2026-11-20
      cartbridge backup /backup/2026-11-20 --keys /safe/cartbridge-keys
    """
    beside = _keys_of(folder, keys)
    settings = quiet_settings()
    done = _refusing(_copied(settings, folder, beside))
    tables, size = done.data.tables, done.data.file.size
    say(
        f"{folder}: {sized(size)}, {tables['stream']} documents, {tables['event']} events, as "
        f"of {done.data.made_at:%Y-%m-%d %H:%M:%S} UTC."
    )
    say(
        f"{beside}: {sized(done.keys.file.size)}, {sum(done.keys.tables.values())} keys. Keep "
        f"them elsewhere than the backup, the newest alone, and at most {KEYS_DAYS} days."
    )
    say(
        f"The master key is in neither: it is in {_master_key(settings)}. Keep a copy of it apart "
        "from both; without it nothing personal and no secret can be read again."
    )


async def _copied(settings: Settings, folder: Path, keys: Path) -> Backup:
    async with foundation_of(settings) as base:
        with err().status("Looking at the database") as status:
            return await back_up(base.dsn, folder, keys, base.vault, status.update, settings.pg_bin)


def restore(
    folder: Folder,
    keys: Keys = None,
    without_keys: Annotated[
        bool,
        typer.Option(
            "--without-keys", help="There are none: whatever is personal stays unreadable."
        ),
    ] = False,
) -> None:
    """Bring a backup back into an empty database, then prove the journal as `verify` does.

    Everything is looked at before anything is written: checksums, version, master key, keys.

    \b
    Examples:
      DATA_DIR=/srv/cartbridge cartbridge restore /backup/2026-11-20
      cartbridge restore /backup/2026-11-20 --keys /safe/cartbridge-keys
    """
    beside = _keys_of(folder, keys)
    if not folder.is_dir():
        raise CommandRefused(f"{folder} is no folder: name the folder of a backup", MISUSED)
    if not without_keys and not beside.is_dir():
        raise CommandRefused(
            f"the keys are not in {beside}: name their folder with --keys. If they are lost, "
            "--without-keys restores the rest: whatever is personal then stays unreadable for good",
            MISUSED,
        )
    settings = quiet_settings()
    vault = _vault(settings)
    data = _refusing(_restored(settings, folder, None if without_keys else beside, vault))
    say(
        f"Restored as of {data.made_at:%Y-%m-%d %H:%M:%S} UTC: {data.tables['stream']} documents, "
        f"{data.tables['event']} events."
    )
    say(f"Readers of the feed that were ahead go on after: {data.cursor}")
    upkeep.verify()


async def _restored(
    settings: Settings, folder: Path, keys: Path | None, vault: Vault
) -> DataManifest:
    async with database_address(settings) as dsn:
        with err().status("Looking at the backup") as status:
            done = await bring_back(dsn, folder, keys, vault, status.update, settings.pg_bin)
        await migrate(dsn)
    return done


def _keys_of(folder: Path, keys: Path | None) -> Path:
    beside = keys or folder.resolve().parent / KEYS_FOLDER
    if beside.resolve() == folder.resolve() or folder.resolve() in beside.resolve().parents:
        raise CommandRefused("the keys belong into a folder apart from the backup", MISUSED)
    return beside


def _vault(settings: Settings) -> Vault:
    """The master key that is there; one that was made now would open nothing."""
    file = settings.data_dir / "master.key"
    if settings.master_key is None and not file.exists():
        raise CommandRefused(
            "there is no master key here: set CARTBRIDGE_MASTER_KEY to that of the gateway that "
            f"was backed up, or put its master.key (0600) into {settings.data_dir.resolve()}"
        )
    return open_vault(settings.master_key.get_secret_value() if settings.master_key else None, file)


def _master_key(settings: Settings) -> str:
    if settings.master_key is not None:
        return "CARTBRIDGE_MASTER_KEY"
    return str((settings.data_dir / "master.key").resolve())


def _refusing(work: Coroutine[Any, Any, Answer]) -> Answer:
    try:
        return asyncio.run(work)
    except BackupRefused as error:
        raise CommandRefused(str(error)) from None
