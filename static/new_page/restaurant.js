// A restaurant: the menu, the room, and a table.

import { asked, card, column, link, listed, picture, primary, quote, secondary, section } from "./parts.js";

/** @type {import("./parts.js").Template} */
export const RESTAURANT = {
  trade: "Restaurant",
  group: "Shops and food",
  about: "The menu with prices, the room, and a table",
  name: "Salt & Fig",
  theme: {
    accent: "#8a2342",
    background: "#fbf6f0",
    text: "#2c171c",
    heading: "'Hoefler Text', Constantia, 'Lucida Bright', 'DejaVu Serif', Georgia, serif",
    body: "Charter, 'Bitstream Charter', 'Sitka Text', Cambria, Georgia, serif",
    radius: 4,
  },
  seo: {
    title: "Salt & Fig · A small restaurant by the market",
    description:
      "A short menu that follows the market, thirty seats, and a courtyard with a fig tree. Open Wednesday to Sunday from six. Reserve a table by phone or mail.",
  },
  navigation: [
    link("Menu", "#menu"),
    link("The room", "#room"),
    link("Good to know", "#questions"),
    primary("Reserve", "#table"),
  ],
  sections: [
    section(
      "top",
      "hero",
      {
        body: "Wednesday to Sunday, from six",
        headline: "The market decides. We cook.",
        subheadline: "Nine dishes on one page, thirty seats, and a fig tree that is older than the house.",
        image: picture(
          "restaurant-table",
          "A table from above, with figs, bread, a glass of wine and olive branches",
        ),
        buttons: listed("button", [
          primary("Reserve a table", "#table"),
          secondary("Read the menu", "#menu"),
        ]),
      },
      { background: "#2c151b", text: "#fbeee3" },
    ),
    section("menu", "features", {
      headline: "The menu",
      body: "It changes on Wednesday. These are the plates of this week.",
      columns: 3,
      items: listed("course", [
        card(
          "To begin",
          "Figs, goat's cheese, thyme honey\u00a0·\u00a0*11*\n\nBread, whipped butter, smoked salt\u00a0·\u00a0*6*\n\nTomatoes that were picked this morning\u00a0·\u00a0*9*",
        ),
        card(
          "To go on",
          "Sea bream, fennel, brown butter\u00a0·\u00a0*24*\n\nLamb from the hill farm, white beans\u00a0·\u00a0*26*\n\nAubergine, tahini, pomegranate\u00a0·\u00a0*19*",
        ),
        card(
          "To end",
          "Olive oil cake, sour cream\u00a0·\u00a0*8*\n\nPlum, almond, bay leaf ice cream\u00a0·\u00a0*9*\n\nThree cheeses, quince\u00a0·\u00a0*12*",
        ),
      ]),
    }),
    section("room", "gallery", {
      headline: "The room, and what comes to the table",
      layout: "carousel",
      items: listed("plate", [
        {
          image: picture("restaurant-figs", "A plate with four halves of fig, cheese and thyme", 900, 675),
          caption: "Figs, goat's cheese, thyme honey",
        },
        {
          image: picture("restaurant-bream", "A whole fish on an oval plate with slices of fennel", 900, 675),
          caption: "Sea bream, fennel, brown butter",
        },
        {
          image: picture("restaurant-cake", "A slice of yellow cake with a spoon of cream", 900, 675),
          caption: "Olive oil cake, sour cream",
        },
        {
          image: picture(
            "restaurant-court",
            "A courtyard at night with two tables under a tree with lamps",
            900,
            675,
          ),
          caption: "The courtyard, from May to September",
        },
      ]),
    }),
    section("evening", "pricing", {
      headline: "Or let us choose",
      body: "Five plates for the whole table. Tell us what you do not eat, and lean back.",
      currency: "EUR",
      plans: listed("menu", [
        {
          name: "Five plates",
          price: 52,
          period: "once",
          description: "For each person, for the whole table.",
          features: ["Bread and butter", "Three plates from the market", "One dessert to share"],
          button: secondary("Reserve", "#table"),
        },
        {
          name: "With wine",
          price: 79,
          period: "once",
          description: "The same, with a glass beside each plate.",
          features: [
            "All of the five plates",
            "Four glasses from small growers",
            "Or four drinks without alcohol",
          ],
          featured: true,
          button: primary("Reserve", "#table"),
        },
      ]),
    }),
    section("words", "testimonials", {
      headline: "Heard on the way out",
      items: listed("quote", [
        quote("I do not like fennel. I asked for a second plate of fennel.", "Georg", "Table 4"),
        quote("A short menu is a promise. Here it is kept, nine times.", "The Evening Post", "March"),
        quote(
          "We came for a quick dinner. They had to stack chairs around us.",
          "Amina and Luc",
          "Courtyard",
        ),
      ]),
    }),
    section("questions", "faq", {
      headline: "Good to know",
      items: listed("question", [
        asked(
          "Do you cook without meat?",
          "Yes. At least four of the nine dishes have neither meat nor fish, and we cook vegan on request.",
        ),
        asked(
          "May we bring a dog?",
          "In the courtyard, gladly. Inside, the room is too small for a dog and a waiter.",
        ),
        asked("How long is a table ours?", "For the whole evening. We do not seat a table twice."),
      ]),
    }),
    section("table", "form", {
      headline: "A table for you",
      body: "Write the day, the hour and how many you are. For the same evening, please call: 020\u00a07946\u00a00160.",
      action: "mailto:table@example.com?subject=A%20table",
      submit: "Ask for a table",
      success: "Thank you. We confirm your table the same day.",
      fields: listed("field", [
        { name: "name", label: "Your name", kind: "text", required: true },
        { name: "day", label: "Day", kind: "date", required: true },
        { name: "people", label: "How many people", kind: "number", required: true },
      ]),
    }),
    section("footer", "footer", {
      text: "Salt & Fig. Thirty seats at the corner of the market square.",
      columns: listed("column", [
        column("Visit", [
          link("Menu", "#menu"),
          link("Reserve", "#table"),
          link("Good to know", "#questions"),
        ]),
        column("Contact", [
          link("020 7946 0160", "tel:+442079460160"),
          link("table@example.com", "mailto:table@example.com"),
        ]),
      ]),
      copyright: "© Salt & Fig, 1 Market Square",
      social: listed("network", [{ network: "instagram", href: "https://www.instagram.com/" }]),
    }),
  ],
};
