"""The few words that a page says by itself, in the page's language where we know it."""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    """What nobody typed: for screen readers, prices and a form that is not open."""

    skip: str
    pages: str
    month: str
    year: str
    free: str
    rating: str
    closed: str
    marks: str = ".,"  # between thousands, and before decimals

    def amount(self, price: float, currency: str) -> str:
        """A price as one writes it in this language."""
        if price >= 1e15:
            return f"{price:g} {currency}".strip()
        number = f"{price:,.0f}" if price == int(price) else f"{price:,.2f}"
        sign = _SIGNS.get(currency, currency)
        if self is ENGLISH:
            return f"{sign}{number}" if currency in _SIGNS else f"{number} {sign}".strip()
        return f"{number.translate(str.maketrans(',.', self.marks))}\u00a0{sign}".strip()


_SIGNS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹", "BRL": "R$", "KRW": "₩"}
ENGLISH = Words(
    "Skip to content",
    "Pages",
    "per month",
    "per year",
    "Free",
    "{} out of 5",
    "This form is not open yet.",
)
_WORDS = {
    "de": Words(
        "Zum Inhalt",
        "Seiten",
        "im Monat",
        "im Jahr",
        "Kostenlos",
        "{} von 5",
        "Dieses Formular ist noch nicht offen.",
    ),
    "es": Words(
        "Ir al contenido",
        "Páginas",
        "al mes",
        "al año",
        "Gratis",
        "{} de 5",
        "Este formulario aún no está abierto.",
    ),
    "fr": Words(
        "Aller au contenu",
        "Pages",
        "par mois",
        "par an",
        "Gratuit",
        "{} sur 5",
        "Ce formulaire n’est pas encore ouvert.",
        "\u202f,",
    ),
    "it": Words(
        "Vai al contenuto",
        "Pagine",
        "al mese",
        "all’anno",
        "Gratis",
        "{} su 5",
        "Questo modulo non è ancora aperto.",
    ),
    "nl": Words(
        "Naar de inhoud",
        "Pagina’s",
        "per maand",
        "per jaar",
        "Gratis",
        "{} van 5",
        "Dit formulier is nog niet open.",
    ),
    "pt": Words(
        "Ir para o conteúdo",
        "Páginas",
        "por mês",
        "por ano",
        "Grátis",
        "{} de 5",
        "Este formulário ainda não está aberto.",
    ),
}


def words_in(language: str) -> Words:
    return _WORDS.get(language.partition("-")[0].lower(), ENGLISH)
