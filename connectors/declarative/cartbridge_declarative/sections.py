"""The sections of a mapping file: what may stand in each of them."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from cartbridge.sdk.documents import TaxMode
from cartbridge.sdk.observations import EnquiryKind
from cartbridge_declarative.expressions import Expression, compiled

Kind = Literal[
    "cart",
    "gone",
    "checkout",
    "checkout_left",
    "ordered",
    "sold",
    "returned",
    "wishlist",
    "wishlist_gone",
    "enquiry",
    "hint",
    "ignored",
]
# What a cart is there; a wish list and an enquiry are what their kind says.
Twin = Literal["cart", "checkout", "draft_order", "order", "till_order"]
Part = Literal["id", "timestamp", "url", "body"]
Amounts = Literal["minor", "decimal_text", "decimal_number"]
TimeForm = Literal["rfc3339", "seconds", "milliseconds"]


def _header(name: str) -> str:
    if not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
        raise ValueError("write the name of a header, for example X-Shop-Signature")
    return name.lower()


JmesPath = Annotated[Expression, BeforeValidator(compiled)]
Header = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_header)]
Word = Annotated[str, Field(min_length=1, max_length=100)]
Mark = Annotated[str, Field(max_length=20, pattern=r"^[\x21-\x7e ]*$")]
Unit = Annotated[str, Field(pattern=r"^[A-Z0-9]{2,3}$")]
Ignored = Annotated[tuple[JmesPath, ...], Field(max_length=200)]


class Section(BaseModel):
    """A table of the mapping file; what it does not know is refused by name."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, arbitrary_types_allowed=True
    )


class Signature(Section):
    """How the platform proves that it was the sender; several secrets may hold at a time."""

    scheme: Literal["hmac", "header", "path"]
    header: Header | None = None
    signs: Annotated[tuple[Part, ...], Field(min_length=1, max_length=4)] = ("body",)
    separator: Annotated[str, Field(max_length=5)] = ""
    digest: Literal["sha256", "sha1", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: Mark = ""
    key_form: Literal["text", "base64", "hex"] = "text"
    id_header: Header | None = None
    timestamp_header: Header | None = None
    timestamp_as: TimeForm = "seconds"
    tolerance_seconds: Annotated[int, Field(ge=10, le=3600, strict=True)] = 300

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.scheme != "path" and self.header is None:
            raise ValueError("name the header that carries it: header = 'X-Shop-Signature'")
        if self.scheme == "hmac":
            self._check_parts()
        elif self.timestamp_header is not None or self.signs != ("body",):
            raise ValueError("only the scheme hmac signs something: leave signs and times out")
        return self

    def _check_parts(self) -> None:
        if "body" not in self.signs or len(set(self.signs)) != len(self.signs):
            raise ValueError("signs names each part once, and the body among them: ['body']")
        if "id" in self.signs and self.id_header is None:
            raise ValueError("signs names the id: say where it stands: id_header = 'X-Shop-Id'")
        if ("timestamp" in self.signs) != (self.timestamp_header is not None):
            raise ValueError(
                "a time helps only where it is signed: give timestamp_header,"
                " and 'timestamp' among what it signs, or neither"
            )


class Ping(Section):
    """A call by which the platform only tries the address out; nothing of it is kept."""

    header: Header | None = None
    body: JmesPath | None = None
    values: Annotated[tuple[Word, ...], Field(min_length=1, max_length=20)]
    status: Annotated[int, Field(ge=200, le=299, strict=True)] = 200
    answer: Annotated[str, Field(max_length=1000)] = ""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.header is None) == (self.body is None):
            raise ValueError("say by what a ping is known: either header or body")
        return self


class Handshake(Section):
    """What is answered before anything is believed: an echo, and pings."""

    challenge: Word | None = None  # the query parameter that a GET wants to see again
    ping: Ping | None = None


class Sorting(Section):
    """How the kind of a hook is told: by a header, the body, a document in it, or it is always one.

    `values` says what each value means; `*` stands for every other one.
    """

    header: Header | None = None
    body: JmesPath | None = None
    document: JmesPath | None = None
    always: Kind | None = None
    values: Annotated[dict[Word, Kind], Field(max_length=200)] = {}

    @model_validator(mode="after")
    def _one(self) -> Self:
        told = [self.header, self.body, self.document, self.always]
        if sum(way is not None for way in told) != 1:
            raise ValueError("say it in one way: header, body, document or always")
        if bool(self.values) == (self.always is not None):
            raise ValueError("values says what each value means; always needs none")
        return self

    @property
    def kinds(self) -> frozenset[Kind]:
        """The kinds of hook it can tell."""
        return frozenset(self.values.values() if self.always is None else {self.always})


class Document(Section):
    """Where the things of one document stand, and where the documents of a body."""

    each: JmesPath | None = None  # None: the body is the one document
    twin: Twin = "cart"
    external_id: JmesPath
    revision: JmesPath | None = None
    time: JmesPath | None = None
    time_form: TimeForm = "rfc3339"
    currency: JmesPath | None = None
    locale: JmesPath | None = None
    price_list: JmesPath | None = None
    codes: JmesPath | None = None
    shipping: JmesPath | None = None
    has_payment: JmesPath | None = None
    tax_included: JmesPath | None = None
    order_number: JmesPath | None = None
    fulfilled: JmesPath | None = None
    merged_into: JmesPath | None = None
    ignored: Ignored = ()


class Lines(Section):
    """Where the rows of a document stand, and the things of a row."""

    each: JmesPath
    quantity: JmesPath
    sku: JmesPath | None = None
    gtin: JmesPath | None = None
    title: JmesPath | None = None
    variant: JmesPath | None = None
    external_id: JmesPath | None = None
    unit: JmesPath | None = None
    unit_price: JmesPath | None = None
    list_price: JmesPath | None = None
    total: JmesPath | None = None
    tax_rate: JmesPath | None = None
    tax: JmesPath | None = None
    note: JmesPath | None = None
    image_url: JmesPath | None = None
    product_url: JmesPath | None = None
    ignored: Ignored = ()

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.sku is None and self.gtin is None and self.title is None:
            raise ValueError("say what an article is known by: sku, gtin or title")
        return self


class Discounts(Section):
    """Where the reductions of a row stand, each for the whole row."""

    each: JmesPath
    amount: JmesPath
    code: JmesPath | None = None
    label: JmesPath | None = None
    ignored: Ignored = ()


class Person(Section):
    """Where the customer of a document stands."""

    external_id: JmesPath | None = None
    email: JmesPath | None = None
    phone: JmesPath | None = None
    loyalty_number: JmesPath | None = None
    first_name: JmesPath | None = None
    last_name: JmesPath | None = None


class Wishlist(Section):
    """Where a wish list says what it is called, and what it is for: gift, wedding, school."""

    name: JmesPath | None = None
    purpose: JmesPath | None = None


class Enquiry(Section):
    """Where a contact form says what is asked, of which store, and about which article."""

    about: JmesPath | None = None  # None: information
    kinds: Annotated[dict[Word, EnquiryKind], Field(max_length=50)] = {}  # the form's own words
    subject: JmesPath | None = None
    message: JmesPath | None = None
    store: JmesPath | None = None
    receipt_number: JmesPath | None = None
    wished_at: JmesPath | None = None  # in the form that document.time_form names
    sku: JmesPath | None = None
    title: JmesPath | None = None


class Money(Section):
    """How amounts and tax rates are written."""

    amounts: Amounts
    decimal_mark: Literal[".", ","] = "."
    tax_mode: TaxMode | None = None
    rates: Literal["percent", "fraction"] = "percent"


class Fetching(Section):
    """Where a document can be read again, and in which header the token goes."""

    url: Annotated[str, Field(max_length=2000)]
    header: Header | None = None
    prefix: Mark = ""
    document: JmesPath | None = None  # where it stands in the answer; None: it is the answer
    kind: Sorting | None = None  # None: it is a cart
