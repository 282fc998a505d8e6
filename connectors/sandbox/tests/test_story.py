"""The story is true: it is played against a real gateway, in both languages."""

import json
import os
import shutil
import socket
import string
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cartbridge_sandbox.story import tell
from cartbridge_sandbox.story_words import Lang, Words, keys

SHOPS = Path(__file__).parents[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """A gateway with the database that it brings along, whatever this machine has."""
    folder = Path(tempfile.mkdtemp(prefix="cartbridge-story-"))
    folder.chmod(0o711)  # the database's account must be able to pass
    paths = [str(SHOPS), os.environ.get("PYTHONPATH", "")]
    yield {
        **{name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
        "DATA_DIR": str(folder / "var"),
        "PORT": "0",
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
    }
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def told(environment: dict[str, str]) -> Iterator[dict[str, Any]]:
    """What `serve --demo` left for scripts."""
    gateway = subprocess.Popen(  # noqa: S603 - our own program
        [
            *(sys.executable, "-m", "cartbridge", "serve", "--demo"),
            *("--sandbox-url", f"http://127.0.0.1:{free_port()}"),
        ],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert gateway.stdout is not None
    assert "ready" in gateway.stdout.readline()
    yield json.loads(Path(environment["DATA_DIR"], "demo.json").read_text())
    gateway.terminate()
    gateway.communicate(timeout=30)


@pytest.fixture(autouse=True)
def same_environment(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The story's own programs find the same gateway and the same database."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    for name in ("DATA_DIR", "PYTHONPATH"):
        monkeypatch.setenv(name, environment[name])


@pytest.mark.timeout(180)  # twenty acts, one call after another
@pytest.mark.parametrize(
    ("lang", "sentences"),
    [
        (
            "en",
            (
                "Price difference, Fig candle: online €26.91, in store €27.90; she pays €26.91.",
                "Your cart is at the till in Lyon Part-Dieu",
                "2 x 3700123456780  Oak lamp",
                "What is left of the cart, at home, online: 1 × BOOK-LIGHT.",
                "conflict=True",
                "Till 2 is told at its next call: 1 late sale.",
                "At home she finds: 2 × CUSHION.",
                "This link belongs to somebody else",
                "Still wished for: Oak lamp, Blue vase.",
                "In Lyon the till would have charged €199.60. The quote holds its price: €168.00.",
                "Yes, come by tomorrow and I will show it to you.",
                "Not found: The Book of Lights.",
                "Camille M.: 1 wish list, 1 quote, 2 carts, 4 purchases.",
                "Lyon, associate 0412: 2 web carts sold, 1 of them with something more: €24.50.",
                "(en-GB): you have an answer.",
                "what is left of your cart waits for you.",
                "All is well:",
                "Everything went as it was told.",
            ),
        ),
        (
            "fr",
            (
                "Écart de prix, Bougie figuier : en ligne 26,91 €",
                "Votre panier est à la caisse",
                "Reste du panier, chez elle, en ligne : 1 × BOOK-LIGHT.",
                "panier pris en charge",
                "Encore souhaités : Lampe chêne, Vase bleu, pièce unique.",
                "Le devis tient son prix : 168,00 €.",
                "Introuvable : Le Livre des lumières.",
                "Camille M. : 1 liste d'envies, 1 devis, 2 paniers, 4 achats.",
                "votre mise de côté vous attend.",
                "Ce lien appartient à quelqu'un d'autre",
                "Tout s'est passé comme raconté.",
            ),
        ),
    ],
)
def test_the_story_goes_as_it_is_told(
    told: dict[str, Any],
    environment: dict[str, str],
    lang: Lang,
    sentences: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert tell(told, Path(environment["DATA_DIR"]), lang, pause=False), capsys.readouterr().out
    shown = capsys.readouterr().out
    for sentence in sentences:
        assert sentence in shown
    secrets = [told["ops_key"], *told["connections"]["sandbox-shop"].values()]
    assert [one for one in secrets if one.startswith("cb_") and one in shown] == []


def test_a_port_that_is_taken_is_told_with_the_way_out(
    told: dict[str, Any], environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        place = {
            **told["connections"]["sandbox-shop"],
            "shop_url": f"http://127.0.0.1:{held.getsockname()[1]}",
        }
        moved = {**told, "connections": {"sandbox-shop": place}}
        assert not tell(moved, Path(environment["DATA_DIR"]), "en", pause=False)
    assert "--sandbox-url" in capsys.readouterr().out


def test_without_the_sandbox_connection_the_way_out_is_told(
    told: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert not tell({**told, "connections": {}}, Path(), "fr", pause=False)
    assert "installez le connecteur sandbox" in capsys.readouterr().out


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("key", keys())
def test_both_languages_tell_the_same(key: str) -> None:
    french, english = keys()[key]
    assert placeholders(french) == placeholders(english)


def test_amounts_are_written_as_people_do() -> None:
    assert Words("fr").money(2691) == "26,91 €"
    assert Words("en").money(-5) == "-€0.05"
