"""What the story says, in French and in English."""

from typing import Final, Literal

from cartbridge_sandbox.story_journey_words import JOURNEY

Lang = Literal["fr", "en"]

_WORDS: Final[dict[str, tuple[str, str]]] = {
    "begin": (
        "L'histoire d'un panier : une cliente, deux caisses, une boutique en ligne.",
        "The story of a cart: a shopper, two tills, a web shop.",
    ),
    "shop_open": ("La boutique en ligne est ouverte : {url}", "The web shop is open: {url}"),
    "go_on": ("Entrée pour continuer", "Enter to go on"),
    "act_online": ("Camille remplit son panier en ligne", "Camille fills her cart online"),
    "articles_chosen": (
        "Elle choisit deux lampes, un livre et une bougie, et saisit le code NOEL.",
        "She chooses two lamps, a book and a candle, and enters the code NOEL.",
    ),
    "cart_known": (
        "La passerelle connaît le panier, tel qu'il est dans la boutique.",
        "The gateway knows the cart as it is in the shop.",
    ),
    "act_pass": (
        "Elle demande un code pour le magasin",
        "She asks for a code to show in the store",
    ),
    "pass": (
        "Sur son téléphone : {pass_url}\nÀ la caisse, ce code QR ou les 8 chiffres : {digits}",
        "On her phone: {pass_url}\nAt the till, this QR code or the 8 digits: {digits}",
    ),
    "act_claim": (
        "À Lyon, la caisse 1 prend le panier en charge",
        "In Lyon, till 1 picks the cart up",
    ),
    "drift": (
        "Écart de prix, {title} : en ligne {captured}, en magasin {till} ; elle paie {wins}.",
        "Price difference, {title}: online {captured}, in store {till}; she pays {wins}.",
    ),
    "act_frozen": (
        "Pendant ce temps, le paiement en ligne est refusé",
        "Meanwhile the online checkout refuses",
    ),
    "act_sheet": (
        "Pour une caisse sans API : la feuille de codes",
        "For a till without an API: the scan sheet",
    ),
    "act_sale": (
        "La caisse vend les lampes et la bougie, et un coussin en plus",
        "The till sells the lamps and the candle, and a cushion besides",
    ),
    "left_over": (
        "Reste du panier, chez elle, en ligne : {what}.",
        "What is left of the cart, at home, online: {what}.",
    ),
    "act_void": ("Le ticket est annulé", "The ticket is cancelled"),
    "back": ("De retour dans le panier : {what}.", "Back in the cart: {what}."),
    "act_again": ("Le tout est vendu, cette fois", "All of it is sold, this time"),
    "act_return": (
        "Une lampe revient le lendemain",
        "One lamp comes back the next day",
    ),
    "act_two_tills": (
        "Deux caisses pour un panier : une seule le tient",
        "Two tills, one cart: exactly one holds it",
    ),
    "held": (
        "Refusé. La caisse 2 le reprend à sa place, et dit pourquoi.",
        "Refused. Till 2 takes over, and says why.",
    ),
    "late": (
        "La caisse 1 a encaissé trop tard : sa vente est gardée et signalée, jamais perdue.",
        "Till 1 sold too late: its sale is kept and raised, never lost.",
    ),
    "told_holder": (
        "La caisse 2 l'apprend à son appel suivant : {count} vente tardive.",
        "Till 2 is told at its next call: {count} late sale.",
    ),
    "act_home": (
        "Un panier commencé en magasin continue à la maison",
        "A cart begun in the store goes on at home",
    ),
    "link": ("Le lien qu'elle emporte : {url}", "The link she takes along: {url}"),
    "joined": ("Elle retrouve chez elle : {what}.", "At home she finds: {what}."),
    "opened_twice": (
        "Elle ouvre le lien une seconde fois : le même panier, rien en double.",
        "She opens the link a second time: the same cart, nothing twice.",
    ),
    "stranger": (
        "Quelqu'un d'autre essaie le lien : {why}",
        "Somebody else tries the link: {why}",
    ),
    "act_timeline": (
        "Tout ce qui s'est passé, en toutes lettres",
        "All that happened, in words",
    ),
    "act_verify": (
        "Et la preuve que rien n'a été changé depuis",
        "And the proof that nothing was changed since",
    ),
    "end": (
        "Fin. Tout s'est passé comme raconté.",
        "The end. Everything went as it was told.",
    ),
    "surprise": (
        "L'histoire s'arrête ici : {why}",
        "The story stops here: {why}",
    ),
    "expected": (
        "{method} {path} devait répondre {wanted}, et a répondu {status} : {answer}",
        "{method} {path} should have answered {wanted}, and answered {status}: {answer}",
    ),
    "waited": ("attendu en vain : {what}", "waited in vain: {what}"),
    "other_database": (
        "cartbridge verify regarde une autre base : donnez-lui le DATABASE_URL de la passerelle",
        "cartbridge verify looks at another database: give it the gateway's DATABASE_URL",
    ),
    "no_shop": (
        "la boutique ne s'ouvre pas sur {url} : un autre programme y écoute peut-être ; "
        "arrêtez-le, ou relancez la passerelle avec --sandbox-url",
        "the shop does not open at {url}: another program may listen there; end it, or start the "
        "gateway again with --sandbox-url",
    ),
    "no_connection": (
        "var/demo.json ne connaît pas sandbox-shop : installez le connecteur sandbox avant le "
        "premier démarrage, ou repartez d'un dossier de données vide",
        "var/demo.json knows no sandbox-shop: install the sandbox connector before the first "
        "start, or begin with an empty data folder",
    ),
    "shopper": ("Camille", "Camille"),
    "other": ("un inconnu", "a stranger"),
    "till": ("caisse {number}", "till {number}"),
    "shop": ("boutique", "shop"),
    "operator": ("support", "operator"),
    **JOURNEY,
}


class Words:
    """The story's sentences in one language."""

    def __init__(self, lang: Lang) -> None:
        self.lang = lang

    def __call__(self, key: str, **told: object) -> str:
        """A sentence, with what it tells filled in."""
        french, english = _WORDS[key]
        return (french if self.lang == "fr" else english).format(**told)

    def money(self, cents: int) -> str:
        """An amount in euros as people write it."""
        whole, rest = divmod(abs(cents), 100)
        sign = "-" if cents < 0 else ""
        if self.lang == "fr":
            return f"{sign}{whole},{rest:02} €"
        return f"{sign}€{whole}.{rest:02}"


def keys() -> dict[str, tuple[str, str]]:
    """Every sentence in both languages, French first."""
    return dict(_WORDS)
