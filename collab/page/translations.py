"""The texts that the server adds to a page, in the page's language. The fallback is English."""

from __future__ import annotations

import math
from typing import NamedTuple


class Translation(NamedTuple):
    """Texts in one language: for screen readers, prices and disabled forms."""

    skip: str
    pages: str
    month: str
    year: str
    free: str
    rating: str
    closed: str
    marks: str = ".,"  # the mark between thousands, and the mark before decimals

    def amount(self, price: float, currency: str) -> str:
        """Return a price in the format of this language."""
        cents = math.floor(price * 100 + 0.5)
        number = f"{cents // 100:,}" if cents % 100 == 0 else f"{cents // 100:,}.{cents % 100:02}"
        sign = _CURRENCY_SIGNS.get(currency, currency)
        number = number.translate(str.maketrans(",.", self.marks))
        if self is ENGLISH:
            return f"{sign}{number}" if currency in _CURRENCY_SIGNS else f"{number} {sign}".strip()
        return f"{number}\u00a0{sign}".strip()


_CURRENCY_SIGNS = {
    "EUR": "€",
    "USD": "$",
    "GBP": "£",
    "JPY": "¥",
    "INR": "₹",
    "BRL": "R$",
    "KRW": "₩",
}
ENGLISH = Translation(
    "Skip to content",
    "Pages",
    "per month",
    "per year",
    "Free",
    "{} out of 5",
    "This form is not open yet.",
    ",.",
)
_TRANSLATIONS = {
    "de": Translation(
        "Zum Inhalt",
        "Seiten",
        "im Monat",
        "im Jahr",
        "Kostenlos",
        "{} von 5",
        "Dieses Formular ist noch nicht offen.",
    ),
    "es": Translation(
        "Ir al contenido",
        "Páginas",
        "al mes",
        "al año",
        "Gratis",
        "{} de 5",
        "Este formulario aún no está abierto.",
    ),
    "fr": Translation(
        "Aller au contenu",
        "Pages",
        "par mois",
        "par an",
        "Gratuit",
        "{} sur 5",
        "Ce formulaire n’est pas encore ouvert.",
        "\u202f,",
    ),
    "it": Translation(
        "Vai al contenuto",
        "Pagine",
        "al mese",
        "all’anno",
        "Gratis",
        "{} su 5",
        "Questo modulo non è ancora aperto.",
    ),
    "nl": Translation(
        "Naar de inhoud",
        "Pagina’s",
        "per maand",
        "per jaar",
        "Gratis",
        "{} van 5",
        "Dit formulier is nog niet open.",
    ),
    "pt": Translation(
        "Ir para o conteúdo",
        "Páginas",
        "por mês",
        "por ano",
        "Grátis",
        "{} de 5",
        "Este formulário ainda não está aberto.",
    ),
}


def translation_for(language: str) -> Translation:
    """Return the texts for a language tag; English when the language is unknown."""
    return _TRANSLATIONS.get(language.partition("-")[0].lower(), ENGLISH)
