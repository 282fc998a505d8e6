"""What an operator sets up for one Odoo database."""

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

Id = Annotated[int, Field(ge=1, le=2**31)]  # written as text on the command line


def _path_secret(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if len(text) < 32 or not (text.isascii() and text.replace("-", "").replace("_", "").isalnum()):
        raise ValueError("give at least 32 letters, digits, - and _: it stands in an address")
    return secret


def _server(url: str) -> str:
    parts = urlsplit(url)
    local = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise ValueError("give Odoo's https address (http only for this machine itself)")
    if not parts.hostname or "@" in parts.netloc:
        raise ValueError("give an address with a host and without user name or password")
    if parts.query or parts.fragment:
        raise ValueError("give an address without ? or #: the paths are put behind it")
    return url.rstrip("/")


class Settings(BaseModel):
    """Where the database is, as whom it is called, and how carts come before its cashiers."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    base_url: Annotated[str, Field(max_length=2000), AfterValidator(_server)]
    database: Annotated[str, Field(min_length=1, max_length=100)]
    # 19.0 is called by JSON-2; older ones by JSON-RPC, which needs the login as well.
    version: Literal["17.0", "18.0", "19.0"] = "19.0"
    login: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    api_key: Annotated[SecretStr, Field(min_length=20, max_length=200)]
    # The first is put into rules that the gateway makes; all are believed.
    path_secrets: Annotated[
        tuple[Annotated[SecretStr, AfterValidator(_path_secret)], ...],
        Field(min_length=1, max_length=5),
    ]
    company_id: Id | None = None
    mode: Literal["quotation", "till_order", "add_on"] = "till_order"
    config_ids: Annotated[tuple[Id, ...], Field(max_length=200)] = ()  # none: every till
    sales: bool = True  # the apps Sales and Point of Sale are installed together
    website: bool = True  # the app eCommerce is installed
    unknown_product_id: Id | None = None
    discount_product_id: Id | None = None
    quotation_partner_id: Id | None = None
    quotations: bool = False  # the retailer's own quotations are quotes
    wishlists: bool = False  # the module Shopper's Wishlist is installed
    leads: bool = False  # the app CRM is installed: its leads are enquiries
    lead_team_ids: Annotated[tuple[Id, ...], Field(max_length=50)] = ()  # none: by the website
    closed_stage_id: Id | None = None  # where a lead goes once its enquiry is closed
    stock: bool = False  # the app Inventory is installed: each warehouse is a store
    prices: bool = False  # tills' prices are told while a cashier waits
    loyalty: bool = False  # the app Point of Sale has loyalty programs: cards are shown
    browsing: bool = False  # our website add-on tells which views were consented to
    companion: bool = False  # our website add-on is installed
    provision: bool = False  # the user may administer Odoo's automation rules

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.version != "19.0" and self.login is None:
            raise ValueError("login: Odoo before 19 wants it beside the key")
        if self.version == "17.0" and self.mode != "quotation":
            raise ValueError("mode: tills of Odoo 17 take no orders by call; use quotation")
        if self.website and not self.sales:
            raise ValueError("sales: the website's carts are sales orders; set website to false")
        if self.mode == "quotation" and not self.sales:
            raise ValueError("sales: a quotation needs the app Sales")
        if self.companion and not self.website:
            raise ValueError("website: the add-on belongs to the website's carts")
        self._suits_apps()
        return self

    def _suits_apps(self) -> None:
        if self.quotations and not self.sales:
            raise ValueError("sales: quotations belong to the app Sales")
        if self.wishlists and not self.website:
            raise ValueError("website: wish lists belong to the app eCommerce")
        if self.browsing and not self.companion:
            raise ValueError("companion: only the website add-on knows who consented")
        if self.version == "17.0" and (self.wishlists or self.stock):
            raise ValueError("version: wish lists and stock are read from Odoo 18 on")

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets of the hook's address in plain, for comparing and provisioning alone."""
        return tuple(secret.get_secret_value() for secret in self.path_secrets)

    def till(self, terminal: str | None) -> int | None:
        """The pos.config behind a terminal: its own number, or the only one there is."""
        if terminal is not None and terminal.isascii() and terminal.isdigit():
            number = int(terminal)
            return number if not self.config_ids or number in self.config_ids else None
        return self.config_ids[0] if terminal is None and len(self.config_ids) == 1 else None
