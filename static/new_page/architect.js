// An architect: a portfolio, how a house comes about, and a first talk.

import { asked, card, column, link, listed, picture, primary, quote, secondary, section } from "./parts.js";

/** @type {import("./parts.js").Template} */
export const ARCHITECT = {
  trade: "Architect",
  group: "Health and services",
  about: "A portfolio, the way of working, and a first talk",
  name: "Moro Lindqvist",
  theme: {
    accent: "#23221f",
    background: "#f6f4ef",
    text: "#23221f",
    heading: "Didot, 'Bodoni MT', 'Noto Serif Display', 'URW Palladio L', P052, Sylfaen, serif",
    body: "'Helvetica Neue', 'Arial Nova', 'Nimbus Sans', Arial, sans-serif",
    radius: 0,
  },
  seo: {
    title: "Moro Lindqvist · Architects for houses and small schools",
    description:
      "We build houses, small schools and libraries from wood, brick and daylight. Eleven people, forty buildings, and one question first: who lives here?",
  },
  navigation: [link("Work", "#work"), link("Method", "#method"), link("Contact", "#contact")],
  sections: [
    section("top", "hero", {
      headline: "Rooms that know where the sun is",
      subheadline: "We build houses, small schools and libraries. From wood and brick, for people who stay.",
      image: picture(
        "architect-dunes",
        "A long low house with a wooden front between dunes, in evening light",
      ),
      buttons: listed("button", [primary("See the work", "#work"), secondary("Talk to us", "#contact")]),
    }),
    section("work", "gallery", {
      headline: "Work",
      layout: "masonry",
      items: listed("work", [
        {
          image: picture("architect-stairs", "A folded stair of pale wood along a white wall", 900, 1200),
          caption: "**House for three sisters**, 2025. One stair, and three front doors",
        },
        {
          image: picture("architect-school", "A school with three gabled roofs behind a meadow", 1200, 800),
          caption: "**Village school**, 2024. Four classrooms around a pear tree",
        },
        {
          image: picture("architect-court", "A brick courtyard with a single tree and its shadow", 900, 900),
          caption: "**Court house**, 2023. The quiet side faces the street",
        },
        {
          image: picture(
            "architect-window",
            "A woman reads in a wide window seat while it rains outside",
            1200,
            1000,
          ),
          caption: "**Window on the river**, 2023. A seat instead of a sill",
        },
        {
          image: picture("architect-library", "A reading room with tall windows and shelves", 900, 1200),
          caption: "**Branch library**, 2022. Forty seats, each at a window",
        },
        {
          image: picture(
            "architect-cabin",
            "A small black cabin on stilts at the edge of a forest",
            1200,
            800,
          ),
          caption: "**Cabin on the lake**, 2021. Thirty square metres, and no corridor",
        },
      ]),
    }),
    section(
      "method",
      "features",
      {
        headline: "How a house comes about",
        body: "We take four houses a year. So each of them has an architect who knows its every corner.",
        columns: 4,
        items: listed("step", [
          card(
            "1. A day on the site",
            "We come with a thermos, and stay from sunrise until dusk. Then we know where the kitchen belongs.",
          ),
          card(
            "2. A model on the table",
            "Card and glue, in the scale of one to fifty. You may cut walls out of it. That is what it is for.",
          ),
          card(
            "3. Drawings with prices",
            "Before anything is dug, each line has a number. You decide what is worth its money.",
          ),
          card(
            "4. The building",
            "We are on the site every week, in boots. You get a photograph and a page of notes each Friday.",
          ),
        ]),
      },
      { background: "#23221f", text: "#f6f4ef" },
    ),
    section(
      "words",
      "testimonials",
      {
        items: listed("quote", [
          quote(
            "They asked what we do on a rainy Sunday. We found the question odd. Today we sit at the window that came out of it, and watch the rain.",
            "Ingrid and Paul Sander",
            "House for three sisters",
          ),
        ]),
      },
      { align: "center" },
    ),
    section("questions", "faq", {
      headline: "First questions",
      items: listed("question", [
        asked(
          "What does an architect cost?",
          "Between ten and fourteen percent of the building costs. The first talk is free, and the day on the site costs 600.",
        ),
        asked(
          "How long does a house take?",
          "About two years: nine months on paper, three for the permit, and a year on the site.",
        ),
        asked(
          "Do you convert old houses?",
          "Gladly. Half of our work is in houses that are older than we are.",
        ),
      ]),
    }),
    section("contact", "callToAction", {
      headline: "Tell us about your site",
      body: "A photograph and three sentences are enough. We answer within a week, also when the answer is no.",
      buttons: listed("button", [
        primary("Write to the studio", "mailto:studio@example.com?subject=Our%20site"),
      ]),
    }),
    section("footer", "footer", {
      text: "Moro Lindqvist. Eleven people in an old sail loft, with one large table.",
      columns: listed("column", [
        column("Studio", [
          link("studio@example.com", "mailto:studio@example.com"),
          link("020 7946 0123", "tel:+442079460123"),
        ]),
        column("Pages", [link("Work", "#work"), link("Method", "#method"), link("Questions", "#questions")]),
      ]),
      copyright: "© Moro Lindqvist Architects",
      social: listed("network", [{ network: "instagram", href: "https://www.instagram.com/" }]),
    }),
  ],
};
