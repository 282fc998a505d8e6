"""The item index on a real PostgreSQL: one number means one article, in one round trip a cart."""

import asyncio
import uuid
from typing import Any

import pytest

from cartbridge.database.connection import Database
from cartbridge.database.directory import Directory
from cartbridge.database.items import ItemIndex
from cartbridge.database.vault import Vault
from cartbridge.domain.item_file import FileRefused
from cartbridge.domain.item_list import IndexedItem
from cartbridge.domain.items import check_digit
from cartbridge.domain.store import Brand, Store

GTIN = "3700123456780"
OTHER = "3760123450010"
LOCAL = "2012345678903"

FRENCH = (
    "Référence;Code-barres;Libellé;Unité;Taux de TVA;Prix TTC;Prix pro;Code web-fr;Portée;"
    "Éco-participation;Stock\r\n"
    "LAMP-OAK;3700123456780;Lampe chêne;pièce;20 %;49,90;39,90;gid-1;;0,60;4\r\n"
    "CABLE;3760123450010;Câble au mètre;m;20;1,50;;;;;\r\n"
    "POMME;2012345678903;Pommes;kg;5,5 %;2,99;;;magasin:lyon-2;;\r\n"
    ";;;;;;;;;;\r\n"
    "BAD-1;3700123456781;Chiffre faux;;;;;;;;\r\n"
    "BAD-2;3,70E+12;Arrondi;;;;;;;;\r\n"
    "BAD-3;3700123456780;Déjà pris;;;;;;;;\r\n"
    "BAD-4;;Unité inconnue;palette;;;;;;;\r\n"
    "BAD-5;;Prix faux;;;gratuit;;;;;\r\n"
    "BAD-6;2012345678903;Sans portée;;;;;;;;\r\n"
)
ENGLISH = (
    "sku,gtin,label,unit,tax rate,price,price pro,code web-fr,scope,eco fee,stock\n"
    'LAMP-OAK,3700123456780,Lampe chêne,piece,0.20,49.90,39.90,gid-1,,0.60,"4"\n'
    "CABLE,3760123450010,Câble au mètre,MTR,20%,1.50,,,,,\n"
    "POMME,2012345678903,Pommes,KGM,5.5%,2.99,,,store:lyon-2,,\n"
)


@pytest.fixture
def index(database: Database) -> ItemIndex:
    return ItemIndex(database)


def lamp(**changes: Any) -> IndexedItem:
    return IndexedItem(**{"sku": "LAMP-OAK", "label": "Lampe", "gtins": (GTIN,), **changes})


async def test_an_article_is_found_by_everything_it_is_called(
    index: ItemIndex, tenant: uuid.UUID
) -> None:
    item = lamp(
        gtins=(GTIN, "96385074"),
        codes={"web-fr": "gid://1", "pos": "42"},
        prices={"default": {"EUR": 4990}},
        eco_fee={"EUR": 60},
    )
    assert (await index.put(tenant, [item])).accepted == 1
    assert await index.find(tenant, sku="LAMP-OAK") == item
    for written in (GTIN, "0" + GTIN, "96385074", "0000096385074"):
        assert await index.find(tenant, gtin=written) == item
    assert await index.find(tenant, connection="web-fr", code="gid://1") == item
    assert await index.find(tenant, connection="pos", code="gid://1") is None
    assert await index.find(tenant, gtin=OTHER, connection="pos", code="42") == item
    assert await index.find(tenant, sku="lamp-oak") is None
    assert await index.find(tenant, sku="a\0b", gtin="\udce9") is None
    assert await index.find(tenant) is None


async def test_a_cart_is_looked_up_in_one_statement(
    index: ItemIndex, tenant: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [lamp(), IndexedItem(sku="CABLE", label="Câble", gtins=(OTHER,))]
    await index.put(tenant, items)
    calls = []
    look_up = ItemIndex._look_up

    async def counted(*arguments: Any) -> Any:
        calls.append(arguments)
        return await look_up(*arguments)

    monkeypatch.setattr(ItemIndex, "_look_up", counted)
    found = await index.find_many(tenant, skus=["CABLE", "GONE"], gtins=["0" + GTIN, "96385074"])
    assert found == {"CABLE": items[1], "0" + GTIN: items[0]}
    assert len(calls) == 1


async def test_an_article_put_again_is_replaced_whole(index: ItemIndex, tenant: uuid.UUID) -> None:
    await index.put(tenant, [lamp(codes={"web-fr": "old"})])
    await index.put(tenant, [lamp(gtins=(OTHER,))])
    assert await index.find(tenant, gtin=GTIN) is None
    assert await index.find(tenant, connection="web-fr", code="old") is None
    assert await index.find(tenant, gtin=OTHER) == lamp(gtins=(OTHER,))


async def test_one_gtin_on_two_articles_is_refused_by_name_and_nothing_of_it_written(
    index: ItemIndex, tenant: uuid.UUID
) -> None:
    await index.put(tenant, [lamp()])
    thief = IndexedItem(sku="THIEF", label="x", gtins=(OTHER, GTIN), codes={"web-fr": "1"})
    honest = IndexedItem(sku="HONEST", label="y")
    report = await index.put(tenant, [thief, honest])
    assert report.accepted == 1
    (refused,) = report.refused
    assert (refused.row, refused.sku, refused.reason) == (1, "THIEF", "gtin_taken")
    assert GTIN in refused.detail
    assert "LAMP-OAK" in refused.detail
    assert await index.find(tenant, sku="THIEF") is None
    assert await index.find(tenant, gtin=OTHER) is None
    assert await index.find(tenant, connection="web-fr", code="1") is None
    assert await index.find(tenant, sku="HONEST") == honest


async def test_one_code_of_a_connection_on_two_articles_is_refused(
    index: ItemIndex, tenant: uuid.UUID
) -> None:
    await index.put(tenant, [lamp(codes={"web-fr": "7"})])
    report = await index.put(
        tenant, [IndexedItem(sku="X", label="x", codes={"web-fr": "7", "pos": "7"})]
    )
    assert [refused.reason for refused in report.refused] == ["code_taken"]


async def test_a_gtin_can_move_once_the_first_article_gave_it_up(
    index: ItemIndex, tenant: uuid.UUID
) -> None:
    await index.put(tenant, [lamp()])
    heir = IndexedItem(sku="HEIR", label="x", gtins=(GTIN,))
    report = await index.put(tenant, [lamp(gtins=()), heir])
    assert report.accepted == 2
    assert await index.find(tenant, gtin=GTIN) == heir


async def test_two_lists_written_at_once_never_give_one_gtin_to_two_articles(
    index: ItemIndex, tenant: uuid.UUID, owner: Any
) -> None:
    reports = await asyncio.gather(
        *[index.put(tenant, [IndexedItem(sku=f"S{n}", label="x", gtins=(GTIN,))]) for n in range(8)]
    )
    assert sum(report.accepted for report in reports) == 1
    assert await owner.fetchval("select count(*) from item") == 1


async def test_an_in_store_number_means_something_only_in_its_store_or_brand(
    index: ItemIndex, database: Database, vault: Vault, tenant: uuid.UUID
) -> None:
    directory = Directory(database, vault)
    await directory.brands.add(tenant, Brand(id="maison", name="M"))
    for name in ("lyon-2", "paris-1"):
        await directory.stores.add(tenant, Store(id=name, brand="maison", name=name))
    apples = IndexedItem(sku="APPLE", label="Pommes", in_store={"store:lyon-2": (LOCAL,)})
    pears = IndexedItem(sku="PEAR", label="Poires", in_store={"brand:maison": (LOCAL,)})
    assert (await index.put(tenant, [apples, pears])).accepted == 2
    assert await index.find(tenant, gtin=LOCAL, store="lyon-2") == apples
    assert await index.find(tenant, gtin=LOCAL, store="paris-1") == pears
    assert await index.find(tenant, gtin=LOCAL, store="unknown") is None
    assert await index.find(tenant, gtin=LOCAL) is None


async def test_two_retailers_with_the_same_skus_do_not_see_each_other(
    index: ItemIndex, tenant: uuid.UUID
) -> None:
    stranger = uuid.uuid4()
    await index.put(tenant, [lamp()])
    assert await index.find(stranger, sku="LAMP-OAK") is None
    assert await index.find_many(stranger, ["LAMP-OAK"], [GTIN]) == {}
    assert (await index.put(stranger, [lamp(sku="THEIRS")])).accepted == 1
    assert not await index.remove(stranger, "LAMP-OAK")
    assert await index.remove(tenant, "LAMP-OAK")
    assert await index.find(tenant, gtin=GTIN) is None
    assert await index.find(stranger, gtin=GTIN) == lamp(sku="THEIRS")


async def test_a_french_and_an_english_list_say_the_same(
    index: ItemIndex, tenant: uuid.UUID
) -> None:
    stranger = uuid.uuid4()
    french = await index.import_csv(tenant, FRENCH.encode("cp1252"))
    english = await index.import_csv(stranger, ENGLISH.encode())
    assert (french.accepted, english.accepted, english.refused) == (3, 3, ())
    assert french.unknown_columns == ("Stock",)
    for sku in ("LAMP-OAK", "CABLE", "POMME"):
        mine = await index.find(tenant, sku=sku)
        assert mine is not None
        assert mine == await index.find(stranger, sku=sku)
    assert await index.find(tenant, sku="LAMP-OAK") == IndexedItem(
        sku="LAMP-OAK",
        label="Lampe chêne",
        gtins=(GTIN,),
        codes={"web-fr": "gid-1"},
        tax_rate="0.2",
        prices={"default": {"EUR": 4990}, "pro": {"EUR": 3990}},
        eco_fee={"EUR": 60},
    )
    cable = await index.find(tenant, sku="CABLE")
    assert cable is not None
    assert (cable.unit, cable.sold_by) == ("MTR", "length")


async def test_each_refused_row_is_named_with_its_reason_and_how_to_mend_it(
    index: ItemIndex, tenant: uuid.UUID
) -> None:
    report = await index.import_csv(tenant, FRENCH.encode())
    assert [(refused.row, refused.sku, refused.reason) for refused in report.refused] == [
        (6, "BAD-1", "gtin_check_digit"),
        (7, "BAD-2", "gtin_rounded"),
        (8, "BAD-3", "gtin_taken"),
        (9, "BAD-4", "unknown_unit"),
        (10, "BAD-5", "bad_price"),
        (11, "BAD-6", "in_store_without_scope"),
    ]
    assert all(refused.mend for refused in report.refused)
    assert "row 2" in report.refused[2].detail
    assert await index.find(tenant, sku="BAD-5") is None


async def test_a_gtin_of_the_index_is_refused_in_a_later_file(
    index: ItemIndex, tenant: uuid.UUID
) -> None:
    await index.put(tenant, [lamp()])
    report = await index.import_csv(tenant, f"sku;label;ean\nNEW;x;{GTIN}\n".encode())
    assert report.accepted == 0
    assert (report.refused[0].row, report.refused[0].reason) == (2, "gtin_taken")
    assert "LAMP-OAK" in report.refused[0].detail


async def test_a_long_file_reports_its_progress(index: ItemIndex, tenant: uuid.UUID) -> None:
    lines = ["sku;label;ean"]
    for number in range(1300):
        digits = f"37009{number:07}"
        lines.append(f"SKU-{number};Article;{digits}{check_digit(digits)}")
    seen: list[int] = []
    report = await index.import_csv(tenant, "\n".join(lines).encode(), seen.append)
    assert (report.accepted, report.refused) == (1300, ())
    assert seen == [501, 1001, 1301]


async def test_what_is_no_list_is_refused_whole(index: ItemIndex, tenant: uuid.UUID) -> None:
    for data in (b"", b"PK\x03\x04\x00zip", b"a;b\n1;2\n", b"sku;sku;label\n", b"sku\nA\n"):
        with pytest.raises(FileRefused):
            await index.import_csv(tenant, data)
