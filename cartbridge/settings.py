"""Settings: by environment (`CARTBRIDGE_…`, `DATABASE_URL`, `PORT`, `DATA_DIR`) or a TOML file."""

import os
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

CONFIG_VARIABLE: Final = "CARTBRIDGE_CONFIG"


def _parts(value: Any) -> Any:
    """A list as the environment has it: parts with commas between them."""
    if not isinstance(value, str):
        return value
    return [part.strip() for part in value.split(",") if part.strip()]


class Settings(BaseSettings):
    """What an installation of CartBridge is told from outside."""

    model_config = SettingsConfigDict(env_prefix="CARTBRIDGE_", extra="forbid")

    database_url: Annotated[
        SecretStr | None, Field(validation_alias=AliasChoices("DATABASE_URL", "database_url"))
    ] = None
    host: str = "127.0.0.1"
    port: Annotated[int, Field(validation_alias=AliasChoices("PORT", "port"), ge=0, le=65535)] = (
        8080
    )
    data_dir: Annotated[Path, Field(validation_alias=AliasChoices("DATA_DIR", "data_dir"))] = Path(
        "var"
    )
    public_url: str | None = None  # what QR codes and hooks use; http://host:port if not said
    master_key: SecretStr | None = None  # base64 of 32 bytes; else a 0600 file under data_dir
    run_as: str | None = None  # account of the embedded PostgreSQL when started by root
    pg_bin: Path | None = None  # folder of PostgreSQL's programs
    # Open at once in each process. Behind a reverse proxy all of them come from one address.
    connections: Annotated[int, Field(ge=1)] = 4000
    connections_per_address: Annotated[int, Field(ge=1)] = 1000
    hooks_at_once: Annotated[int, Field(ge=1)] = 128  # in each process; more wait or come again
    lease_minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 15
    code_minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 15
    reservation_hours: Annotated[int, Field(ge=1, le=24 * 31)] = 48  # the longest one may last
    # Within how many hours she must have heard from us; a brand may say otherwise.
    enquiry_hours_information: Annotated[int, Field(ge=1, le=24 * 31)] = 24
    enquiry_hours_demonstration: Annotated[int, Field(ge=1, le=24 * 31)] = 24
    enquiry_hours_call_back: Annotated[int, Field(ge=1, le=24 * 31)] = 4
    enquiry_hours_after_sales: Annotated[int, Field(ge=1, le=24 * 31)] = 48
    abandoned_after_hours: Annotated[int, Field(ge=1)] = 24 * 14
    reconcile_minutes: Annotated[float, Field(gt=0, le=24 * 60)] = 5
    silent_after_hours: Annotated[int, Field(ge=1)] = 24  # then a connection's silence is told
    browsing_days: Annotated[int, Field(ge=1, le=395)] = 30  # then what she looked at is forgotten
    # Calls go to public addresses on ports 80 and 443. More: networks (10.0.0.0/8) on any port,
    # and further ports of public addresses.
    allow_private_addresses: Annotated[
        tuple[IPv4Network | IPv6Network, ...] | None, NoDecode, BeforeValidator(_parts)
    ] = None
    allow_ports: Annotated[
        tuple[Annotated[int, Field(ge=1, le=65535)], ...] | None, NoDecode, BeforeValidator(_parts)
    ] = None
    metrics_token: SecretStr | None = None  # who may read /metrics; unset: this machine alone
    metrics_port: Annotated[int, Field(ge=0, le=65535)] = 0  # of `cartbridge work`; 0: none
    log_format: Annotated[str, Field(pattern=r"^(json|text)$")] = "text"
    log_level: Annotated[str, Field(pattern=r"^(debug|info|warning|error)$")] = "info"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is set in the environment wins over the file."""
        sources: tuple[PydanticBaseSettingsSource, ...] = (init_settings, env_settings)
        path = os.environ.get(CONFIG_VARIABLE)
        if path is not None:
            sources = (*sources, TomlConfigSettingsSource(settings_cls, Path(path)))
        return sources

    @property
    def address(self) -> str:
        """What the outside calls us: never with a slash at its end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")
