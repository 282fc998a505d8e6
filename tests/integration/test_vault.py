"""The master key opens only what it should, survives rotation, and never shows itself."""

import base64
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest

from cartbridge.database.sealing import ERASED, DataKey, SealBroken, join, place, split, unseal
from cartbridge.database.vault import (
    MasterKeyError,
    Vault,
    load_or_create_master_key,
    open_vault,
    parse_master_keys,
)
from cartbridge.domain.cart.events import DetailsChanged, LineRemoved, Started, parse
from cartbridge.domain.cart.state import Cart, Origin
from cartbridge.domain.customer import Customer

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
SECRET = b"a connection's password"
TENANT, ROOT = UUID(int=1), UUID(int=2)


def test_what_is_wrapped_is_opened_only_for_its_purpose() -> None:
    vault = Vault.of(OLD)
    wrapped = vault.wrap(SECRET, b"settings")
    assert SECRET not in wrapped
    assert vault.unwrap(wrapped, b"settings") == SECRET
    assert vault.wrap(SECRET, b"settings") != wrapped
    with pytest.raises(MasterKeyError):
        vault.unwrap(wrapped, b"another purpose")
    with pytest.raises(MasterKeyError):
        Vault.of(NEW).unwrap(wrapped, b"settings")
    with pytest.raises(MasterKeyError):
        vault.unwrap(wrapped[:-1] + bytes([wrapped[-1] ^ 1]), b"settings")


def test_a_rotated_master_key_wraps_anew_and_still_opens_the_old() -> None:
    before, after = Vault({1: OLD}), Vault({1: OLD, 2: NEW})
    wrapped = before.wrap(SECRET)
    assert after.unwrap(wrapped) == SECRET
    assert (Vault.epoch_of(wrapped), Vault.epoch_of(after.wrap(SECRET))) == (1, 2)
    with pytest.raises(MasterKeyError, match="epoch 2 is missing"):
        before.unwrap(after.wrap(SECRET))
    assert after.derive("codes") == before.derive("codes")
    assert after.keyed_hash("e-mail", "a@b.fr") == before.keyed_hash("e-mail", "a@b.fr")


def test_what_is_derived_differs_by_purpose_and_by_key() -> None:
    derived = {
        vault.derive(purpose) for vault in (Vault.of(OLD), Vault.of(NEW)) for purpose in ("a", "b")
    }
    assert len(derived) == 4
    assert {len(one) for one in derived} == {32}
    vault = Vault.of(OLD)
    hashes = {vault.keyed_hash(*pair) for pair in (("a", "x"), ("a", "y"), ("b", "x"))}
    assert len(hashes) == 3


def test_a_key_never_shows_itself() -> None:
    key = DataKey(OLD)
    for shown in (repr(Vault.of(OLD)), repr(key), str(key)):
        assert OLD.hex() not in shown
        assert repr(OLD) not in shown


@pytest.mark.parametrize("text", ["", "x", "c2hvcnQ=", "0:" + base64.b64encode(OLD).decode()])
def test_a_bad_master_key_says_what_to_do(text: str) -> None:
    with pytest.raises(MasterKeyError, match=r"master key|openssl"):
        Vault(parse_master_keys(text))


def test_the_setting_holds_one_key_or_several_epochs(tmp_path: Path) -> None:
    old, new = (base64.b64encode(key).decode() for key in (OLD, NEW))
    assert parse_master_keys(old) == {1: OLD}
    assert parse_master_keys(f"1:{old}, 7:{new}\n") == {1: OLD, 7: NEW}
    vault = open_vault(f"1:{old},7:{new}", tmp_path / "not used")
    assert vault.epoch == 7
    assert not (tmp_path / "not used").exists()


def test_the_key_file_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "var" / "master.key"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(load_or_create_master_key, [path] * 16))
    assert len(keys) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == ["master.key"]  # noqa: PTH208 - hidden files count
    vault = open_vault(None, path)
    assert vault.unwrap(Vault.of(keys.pop()).wrap(SECRET)) == SECRET

    path.chmod(0o640)
    with pytest.raises(MasterKeyError, match="chmod 600"):
        load_or_create_master_key(path)


def test_a_model_is_split_and_joined_without_loss() -> None:
    customer = Customer(email="camille@example.fr")
    started = Started(origin=Origin(), currency="EUR", customer=customer, metadata={"note": "é"})
    body, personal = split(started)
    assert b"camille" not in body
    assert personal is not None
    assert b"camille" in personal
    assert parse_bytes(join(body, personal)) == started
    erased = parse_bytes(join(body, ERASED))
    assert erased == Started(origin=Origin(), currency="EUR")

    removed = LineRemoved(line="lin_1", was=1)
    assert split(removed) == (removed.model_dump_json().encode(), None)
    assert split(DetailsChanged(metadata=None))[1] is None
    assert split(DetailsChanged(metadata={}))[1] == b'{"metadata":{}}'
    assert join(b"{}", b'{"a":1}') == b'{"a":1}'
    cart = Cart(id="crt_1", customer=customer)
    assert Cart.model_validate_json(join(*split(cart))) == cart


def parse_bytes(text: bytes) -> object:
    import json

    return parse(json.loads(text))


def test_sealed_data_opens_only_in_its_place_and_an_old_key_is_an_erasure() -> None:
    key, here = DataKey.draw(), place(TENANT, ROOT, "event|1|1")
    sealed = key.seal(b"personal", here)
    assert unseal(key, sealed, here) == b"personal"
    assert unseal(key, None, here) is None
    assert unseal(None, sealed, here) is ERASED
    assert unseal(DataKey.draw(), sealed, here) is ERASED
    for elsewhere in (place(ROOT, TENANT, "event|1|1"), place(TENANT, ROOT, "event|1|2")):
        with pytest.raises(SealBroken):
            unseal(key, sealed, elsewhere)
