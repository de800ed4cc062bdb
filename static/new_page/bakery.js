// A bakery: what is in the oven this week, when, and how to order.

import { asked, card, column, link, listed, picture, primary, quote, secondary, section } from "./parts.js";

/** @type {import("./parts.js").Template} */
export const BAKERY = {
  trade: "Bakery",
  group: "Shops and food",
  about: "This week's breads, opening hours, and how to order",
  name: "Hearth & Rye",
  theme: {
    accent: "#9a4a12",
    background: "#fdf7ec",
    text: "#2e1e12",
    heading: "'Iowan Old Style', 'Palatino Linotype', 'URW Palladio L', P052, serif",
    body: "Seravek, 'Gill Sans Nova', Ubuntu, Calibri, 'DejaVu Sans', sans-serif",
    radius: 12,
  },
  seo: {
    title: "Hearth & Rye · Sourdough bakery on Mill Lane",
    description:
      "Slow sourdough, rye and butter pastry from a wood-fired oven. Open Tuesday to Saturday from seven. Order by six, and collect the next morning.",
  },
  navigation: [
    link("Breads", "#breads"),
    link("Hours", "#visit"),
    link("Questions", "#questions"),
    primary("Order", "#order"),
  ],
  sections: [
    section("top", "hero", {
      body: "Wood-fired since 1998",
      headline: "Bread that takes two days, and is gone by noon",
      subheadline:
        "We mix on Monday what you eat on Wednesday. Flour from the valley, water, salt, and a starter that is older than the shop.",
      image: picture("bakery-oven", "Loaves on a wooden board in front of a brick oven with a fire in it"),
      buttons: listed("button", [
        primary("Order for tomorrow", "#order"),
        secondary("See the breads", "#breads"),
      ]),
    }),
    section("breads", "features", {
      headline: "In the oven this week",
      body: "Three breads every day, and one guest that changes on Tuesday.",
      columns: 3,
      items: listed("bread", [
        card(
          "Mill Lane loaf",
          "Wheat with a fifth of rye. A dark crust, and a crumb that stays soft for four days. *900 g, 6.80*",
          {
            image: picture("bakery-loaf", "A round loaf with four cuts in its crust, from above", 800, 600),
          },
        ),
        card(
          "Seeded rye",
          "Whole rye with sunflower, linseed and a spoon of honey. It is best on the second day. *750 g, 6.20*",
          {
            image: picture("bakery-rye", "A dark loaf, sliced, with seeds on top", 800, 600),
          },
        ),
        card(
          "Cardamom knots",
          "Butter dough, rested overnight, with freshly ground cardamom. They come out at nine. *2.90 each*",
          {
            image: picture("bakery-knots", "Three golden knots of pastry on a blue plate", 800, 600),
          },
        ),
      ]),
    }),
    section(
      "visit",
      "features",
      {
        headline: "When the door is open",
        columns: 4,
        items: listed("day", [
          card("Tuesday to Friday", "7:00 to 14:00, or until the shelf is empty.", { icon: "clock" }),
          card("Saturday", "7:00 to 13:00. The queue is shortest before eight.", { icon: "sun" }),
          card("12 Mill Lane", "Two minutes from the station, beside the bridge.", { icon: "map" }),
          card("Coffee", "Filter and espresso, at four seats in the window.", { icon: "cup" }),
        ]),
      },
      { background: "#2e1e12", text: "#fdf1dd", spacing: "medium" },
    ),
    section("words", "testimonials", {
      headline: "From the other side of the counter",
      items: listed("quote", [
        quote(
          "I bought one loaf to try it. That was six years ago, and I have not bought bread anywhere else since.",
          "Miriam Holt",
          "Thursday, 7:10",
        ),
        quote(
          "They told me to wait a day before I cut the rye. They were right, and it was the longest day of my week.",
          "Jonas Petri",
          "Regular",
        ),
        quote(
          "Our guests ask about the bread before they ask about the wine.",
          "Elif Demir",
          "Cook, The Old Ferry",
        ),
      ]),
    }),
    section("questions", "faq", {
      headline: "Asked at the counter",
      items: listed("question", [
        asked(
          "Until when can I order?",
          "Until six in the evening for the next morning. For more than ten loaves, please tell us two days before.",
        ),
        asked(
          "How do I keep the bread?",
          "In paper, with the cut side down. In a bag of plastic, the crust turns soft within an hour.",
        ),
        asked(
          "Is there a bread without wheat?",
          "The seeded rye has no wheat in its recipe. It is baked in the same oven, so it has traces.",
        ),
        asked(
          "What happens to the rest?",
          "There is rarely a rest. What is left on Saturday goes to the kitchen of the community house.",
        ),
      ]),
    }),
    section("order", "callToAction", {
      headline: "Shall we put one aside for you?",
      body: "Write which bread, how many, and when you come. We answer before we go to bed, which is early.",
      buttons: listed("button", [
        primary("Order by mail", "mailto:bread@example.com?subject=Order"),
        secondary("Call the shop", "tel:+442079460112"),
      ]),
    }),
    section("footer", "footer", {
      text: "Hearth & Rye is a bakery of five people, one oven and one very old starter.",
      columns: listed("column", [
        column("Shop", [link("Breads", "#breads"), link("Hours", "#visit"), link("Order", "#order")]),
        column("Contact", [
          link("bread@example.com", "mailto:bread@example.com"),
          link("020 7946 0112", "tel:+442079460112"),
        ]),
      ]),
      copyright: "© Hearth & Rye, 12 Mill Lane",
      social: listed("network", [{ network: "instagram", href: "https://www.instagram.com/" }]),
    }),
  ],
};
