"""What the acts beside the cart say, in French and in English."""

from typing import Final

JOURNEY: Final[dict[str, tuple[str, str]]] = {
    "act_wishlist": (
        "Sa liste d'envies s'ouvre sur une tablette, à Paris, et on y achète",
        "Her wish list opens on a tablet in Paris, and is bought from",
    ),
    "her_list": ("Pour le salon", "For the living room"),
    "still_wished": (
        "Le plaid est acheté, et sa liste le sait. Encore souhaités : {what}.",
        "The throw is bought, and her list knows. Still wished for: {what}.",
    ),
    "act_quote": (
        "Elle demande un devis en ligne ; il se vend en caisse, à son prix",
        "She asks for a quote online; it is sold at the till at its price",
    ),
    "quote_message": (
        "Quatre lampes pour un gîte : un prix ?",
        "Four lamps for a guest house: what price?",
    ),
    "quote_page": (
        "À Paris, une conseillère chiffre et émet le devis n° {number}.\n"
        "Sur son téléphone, ou imprimé : {url}",
        "In Paris an associate prices quote {number}, and issues it.\n"
        "On her phone, or printed: {url}",
    ),
    "price_held": (
        "À Lyon, la caisse aurait demandé {till}. Le devis tient son prix : {held}.",
        "In Lyon the till would have charged {till}. The quote holds its price: {held}.",
    ),
    "quote_left": (
        "Trois lampes sont vendues ; la quatrième l'attend au prix du devis.",
        "Three lamps are sold; the fourth waits for her at the quote's price.",
    ),
    "act_enquiry": (
        "Elle demande à voir un meuble ; on le lui montre, et elle l'achète",
        "She asks to be shown a nightstand; she sees it in the store, and buys it",
    ),
    "enquiry_message": (
        "La table de chevet est-elle exposée à Lyon ?",
        "Is the nightstand on display in Lyon?",
    ),
    "enquiry_answer": (
        "Oui, passez demain, je vous la montre.",
        "Yes, come by tomorrow and I will show it to you.",
    ),
    "thread": (
        "Réponse : « {answer} »\nLe rendez-vous et tout l'échange, sur son téléphone : {url}",
        "The answer: « {answer} »\nThe date and the whole thread, on her phone: {url}",
    ),
    "act_reservation": (
        "Elle réserve en magasin : un article est mis de côté, l'autre reste introuvable",
        "She reserves in the store: one article is set aside, the other is not found",
    ),
    "set_aside": ("Mis de côté : {title}.", "Set aside: {title}."),
    "not_found": ("Introuvable : {title}.", "Not found: {title}."),
    "her_page": (
        "Son téléphone le dit, et propose le livre en ligne : {url}",
        "Her phone says so, and offers the book online: {url}",
    ),
    "not_found_left": (
        "Elle prend la lampe, et un abat-jour qu'on lui conseille. Reste du panier, en ligne :",
        "She takes the lamp, and a lampshade that was advised. Left of the cart, online:",
    ),
    "act_customer": (
        "Ce qu'une conseillère voit d'elle, si elle est d'accord",
        "What an associate sees of her, if she agrees",
    ),
    "no_consent": (
        "Elle n'a pas donné son accord : de ce vase, rien n'est gardé. Puis elle accepte.",
        "She has not agreed: of this vase nothing is kept. Then she agrees.",
    ),
    "searched_for": ("lampe de lecture", "reading lamp"),
    "purpose": ("elle demande conseil", "she asks for advice"),
    "she_is": (
        "{who} : {wishlists} liste d'envies, {quotes} devis, {carts} paniers, {purchases} achats. "
        "Vu récemment :",
        "{who}: {wishlists} wish list, {quotes} quote, {carts} carts, {purchases} purchases. "
        "Recently looked at:",
    ),
    "act_report": (
        "Ce que l'enseigne apprend : les ventes additionnelles",
        "What the retailer learns: additional sales",
    ),
    "added": (
        "Lyon, vendeuse {staff} : {sales} paniers du web vendus, dont {more} avec un article de "
        "plus : {money}.",
        "Lyon, associate {staff}: {sales} web carts sold, {more} of them with something more: "
        "{money}.",
    ),
    "act_messages": (
        "Ce qu'il faudrait lui dire, dans le flux de l'enseigne",
        "What she should be told, on the retailer's feed",
    ),
    "quote_issued": (
        "À {to} ({locale}) : votre devis est prêt.",
        "To {to} ({locale}): your quote is ready.",
    ),
    "enquiry_answered": (
        "À {to} ({locale}) : on vous a répondu.",
        "To {to} ({locale}): you have an answer.",
    ),
    "reservation_ready": (
        "À {to} ({locale}) : votre mise de côté vous attend.",
        "To {to} ({locale}): your reservation is ready.",
    ),
    "remainder_waiting": (
        "À {to} ({locale}), qui accepte qu'on lui écrive : le reste de votre panier vous attend.",
        "To {to} ({locale}), who agreed to be written to: what is left of your cart waits for you.",
    ),
    "no_mailer": (
        "Chacun avec son lien. C'est l'outil d'envoi de l'enseigne qui écrit.",
        "Each with her link. The retailer's own mailing tool does the writing.",
    ),
    "associate": ("vendeuse", "associate"),
    "tablet": ("tablette", "tablet"),
}
