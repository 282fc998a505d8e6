"""Article numbers off RFID tags, by the examples that the standard itself prints."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cartbridge.domain.epc import gtin_of_epc
from cartbridge.domain.items import is_gtin

# EPC Tag Data Standard 1.13, annex E.3: the tag of urn:epc:tag:sgtin-96:3.0614141.812345.6789.
PUBLISHED = "3074257BF7194E4000001A85"
BITS = {12: 40, 11: 37, 10: 34, 9: 30, 8: 27, 7: 24, 6: 20}


def tag(prefix: str, reference: str, serial: int = 1, filtered: int = 1) -> str:
    """The tag of these numbers, put together the other way round (14.6.1 of the standard)."""
    bits = f"{0x30:08b}{filtered:03b}{12 - len(prefix):03b}"
    bits += f"{int(prefix):0{BITS[len(prefix)]}b}"
    bits += f"{int(reference):0{44 - BITS[len(prefix)]}b}{serial:038b}"
    return f"{int(bits, 2):024X}"


def test_the_tag_that_the_standard_prints() -> None:
    assert tag("0614141", "812345", 6789, 3) == PUBLISHED
    assert gtin_of_epc(PUBLISHED) == "80614141123458"
    assert gtin_of_epc(f" {PUBLISHED.lower()} ") == "80614141123458"


@pytest.mark.parametrize(
    ("uri", "gtin"),
    [
        ("urn:epc:tag:sgtin-96:3.0614141.812345.6789", "80614141123458"),
        ("urn:epc:id:sgtin:0614141.112345.400", "10614141123459"),
        ("urn:epc:id:sgtin:0614141.712345.32a%2Fb", "70614141123451"),  # of its SGTIN-198
    ],
)
def test_the_uris_that_the_standard_prints(uri: str, gtin: str) -> None:
    assert gtin_of_epc(uri) == gtin


@given(
    st.integers(6, 12).flatmap(
        lambda length: st.tuples(
            st.from_regex(rf"[0-9]{{{length}}}", fullmatch=True),
            st.from_regex(rf"[0-9]{{{13 - length}}}", fullmatch=True),
        )
    ),
    st.integers(0, 2**38 - 1),
)
def test_tag_and_uri_of_any_partition_name_one_gtin(numbers: tuple[str, str], serial: int) -> None:
    prefix, reference = numbers

    gtin = gtin_of_epc(tag(prefix, reference, serial))

    assert is_gtin(gtin)
    assert len(gtin) == 14
    assert gtin[0] + gtin[1:13] == reference[0] + prefix + reference[1:]
    assert gtin_of_epc(f"urn:epc:id:sgtin:{prefix}.{reference}.{serial}") == gtin


@pytest.mark.parametrize(
    ("epc", "why"),
    [
        ("", "24 hexadecimal digits"),
        ("3074257BF7194E4000001A8", "24 hexadecimal digits"),
        ("urn:epc:id:sscc:0614141.1234567890", "24 hexadecimal digits"),
        ("3174257BF4499602D2000000", "begins with 30"),  # an SSCC-96
        ("E28011606000020D6842D5A1", "begins with 30"),  # a tag nobody wrote to
        ("307C257BF7194E4000001A85", "no partition 7"),
        ("3058FFFFFFFFFE4000001A85", "more digits than its partition"),
        ("urn:epc:id:sgtin:0614141.12345.400", "13 digits together"),
    ],
)
def test_what_is_no_sgtin_is_refused_with_the_reason(epc: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        gtin_of_epc(epc)
