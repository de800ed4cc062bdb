// The texts that the renderer adds, in the page's language. The fallback is English.

import { strip } from "./values.js";

/**
 * @typedef {object} Translation
 * @property {string} skip
 * @property {string} pages
 * @property {string} month
 * @property {string} year
 * @property {string} free
 * @property {string} rating
 * @property {string} closed
 * @property {string} marks the mark between thousands, and the mark before decimals
 */

const CURRENCY_SIGNS = new Map(
  Object.entries({
    EUR: "€",
    USD: "$",
    GBP: "£",
    JPY: "¥",
    INR: "₹",
    BRL: "R$",
    KRW: "₩",
  }),
);

/** @type {Translation} */
const ENGLISH = {
  skip: "Skip to content",
  pages: "Pages",
  month: "per month",
  year: "per year",
  free: "Free",
  rating: "{} out of 5",
  closed: "This form is not open yet.",
  marks: ",.",
};
/** @type {Map<string, Translation>} */
const TRANSLATIONS = new Map(
  Object.entries({
    de: {
      skip: "Zum Inhalt",
      pages: "Seiten",
      month: "im Monat",
      year: "im Jahr",
      free: "Kostenlos",
      rating: "{} von 5",
      closed: "Dieses Formular ist noch nicht offen.",
      marks: ".,",
    },
    es: {
      skip: "Ir al contenido",
      pages: "Páginas",
      month: "al mes",
      year: "al año",
      free: "Gratis",
      rating: "{} de 5",
      closed: "Este formulario aún no está abierto.",
      marks: ".,",
    },
    fr: {
      skip: "Aller au contenu",
      pages: "Pages",
      month: "par mois",
      year: "par an",
      free: "Gratuit",
      rating: "{} sur 5",
      closed: "Ce formulaire n’est pas encore ouvert.",
      marks: "\u202f,",
    },
    it: {
      skip: "Vai al contenuto",
      pages: "Pagine",
      month: "al mese",
      year: "all’anno",
      free: "Gratis",
      rating: "{} su 5",
      closed: "Questo modulo non è ancora aperto.",
      marks: ".,",
    },
    nl: {
      skip: "Naar de inhoud",
      pages: "Pagina’s",
      month: "per maand",
      year: "per jaar",
      free: "Gratis",
      rating: "{} van 5",
      closed: "Dit formulier is nog niet open.",
      marks: ".,",
    },
    pt: {
      skip: "Ir para o conteúdo",
      pages: "Páginas",
      month: "por mês",
      year: "por ano",
      free: "Grátis",
      rating: "{} de 5",
      closed: "Este formulário ainda não está aberto.",
      marks: ".,",
    },
  }),
);

/** Return the texts for a language tag; English when the language is unknown. @param {string} language */
export function translationFor(language) {
  return TRANSLATIONS.get(language.split("-")[0].toLowerCase()) ?? ENGLISH;
}

/** Return a price in the format of the language. @param {Translation} translation @param {number} price @param {string} currency */
export function amount(translation, price, currency) {
  const cents = Math.floor(price * 100 + 0.5);
  const rest = cents % 100;
  const [between, before] = translation.marks;
  const whole = String((cents - rest) / 100).replace(/\B(?=(\d{3})+$)/g, between);
  const shown = rest ? `${whole}${before}${String(rest).padStart(2, "0")}` : whole;
  const sign = CURRENCY_SIGNS.get(currency) ?? currency;
  if (translation !== ENGLISH) return strip(`${shown}\u00a0${sign}`);
  return CURRENCY_SIGNS.has(currency) ? `${sign}${shown}` : strip(`${shown} ${sign}`);
}
