// A festival: when and where, who plays, tickets, and how to get there.

import { asked, card, column, link, listed, picture, primary, secondary, section } from "./parts.js";

/** @type {import("./parts.js").Template} */
export const FESTIVAL = {
  trade: "Festival",
  group: "Events and culture",
  about: "Days, line-up, tickets, and the way there",
  name: "Quayside Sounds",
  theme: {
    accent: "#ffb33f",
    background: "#1b1136",
    text: "#fdf3e6",
    heading: "'Avenir Next', Avenir, Montserrat, Corbel, 'URW Gothic', source-sans-pro, sans-serif",
    body: "'Avenir Next', Avenir, Montserrat, Corbel, 'URW Gothic', source-sans-pro, sans-serif",
    radius: 24,
    mode: "dark",
  },
  seo: {
    title: "Quayside Sounds · Three nights of music at the old harbour",
    description:
      "Twenty-four bands on two stages and one boat. From the 10th to the 12th of July at the old harbour. Day tickets from 38, children come free.",
  },
  navigation: [
    link("Line-up", "#lineup"),
    link("Tickets", "#tickets"),
    link("Getting there", "#questions"),
    primary("Get tickets", "#tickets"),
  ],
  sections: [
    section("top", "hero", {
      body: "10 to 12 July · Old Harbour",
      headline: "Three nights, two stages, one boat",
      subheadline: "The cranes are lit, the water is still warm, and the last ferry waits for the last song.",
      image: picture(
        "festival-harbour",
        "A stage at a harbour at dusk, with lights, cranes and a large sun over the water",
      ),
      buttons: listed("button", [primary("Get tickets", "#tickets"), secondary("Who plays", "#lineup")]),
    }),
    section("lineup", "features", {
      headline: "Who plays",
      body: "Eight bands a night. The first one begins at six, and the last one ends at one.",
      columns: 3,
      items: listed("night", [
        card(
          "Friday",
          "**Saltmarsh Choir**\n\nThe Paper Lions, Ida Lund, Kite Season, Brass for Breakfast, Toma & the Tide",
          { icon: "star" },
        ),
        card(
          "Saturday",
          "**Night Ferry**\n\nOona Mbeki, Lower Deck, Cassette Summer, The Quiet Riot Grrls, Halden",
          { icon: "sun" },
        ),
        card(
          "Sunday",
          "**Marisol Vega**\n\nGrandmother Radio, Low Bridge, Fjordlight, Two Left Feet, All on Deck",
          { icon: "heart" },
        ),
      ]),
    }),
    section(
      "places",
      "gallery",
      {
        headline: "Where you will be",
        layout: "grid",
        items: listed("place", [
          {
            image: picture(
              "festival-stage",
              "People with raised hands in front of a stage with beams of light",
              900,
              675,
            ),
            caption: "**Crane Stage.** Loud, and next to the water",
          },
          {
            image: picture("festival-boat", "A boat with strings of lights on dark water", 900, 675),
            caption: "**The Boat.** Sixty seats, a quiet set every hour",
          },
          {
            image: picture("festival-food", "Food stalls with striped roofs under lamps", 900, 675),
            caption: "**Net Loft.** Food from eleven kitchens",
          },
        ]),
      },
      { background: "#2a1a4f", text: "#fdf3e6" },
    ),
    section("tickets", "pricing", {
      headline: "Tickets",
      body: "Children up to twelve come free. Keep the cup: the deposit goes to the sea rescuers.",
      currency: "EUR",
      plans: listed("ticket", [
        {
          name: "One night",
          price: 38,
          period: "once",
          description: "Friday, Saturday or Sunday.",
          features: ["Both stages", "The ferry back to town"],
          button: secondary("Choose a night", "mailto:tickets@example.com?subject=One%20night"),
        },
        {
          name: "Three nights",
          price: 84,
          period: "once",
          description: "All of it, with one band on your wrist.",
          features: ["Both stages, every night", "One set on the boat", "The ferry back to town"],
          featured: true,
          button: primary("Take all three", "mailto:tickets@example.com?subject=Three%20nights"),
        },
        {
          name: "Friend of the quay",
          price: 150,
          period: "once",
          description: "You pay for somewhat more than your own ticket.",
          features: [
            "All of three nights",
            "A seat on the boat when you like",
            "A ticket for a young person in town",
          ],
          button: secondary("Become a friend", "mailto:tickets@example.com?subject=Friend"),
        },
      ]),
    }),
    section("questions", "faq", {
      headline: "Getting there, and in",
      items: listed("question", [
        asked(
          "How do I get there?",
          "Tram 4 to *Old Harbour*, then five minutes on foot. The ferry from the market runs every twenty minutes, and takes bicycles.",
        ),
        asked(
          "Is there a place to sleep?",
          "The field behind the lighthouse is open for tents from Friday noon. It costs 12 for each tent and night.",
        ),
        asked(
          "What if it rains?",
          "Then it sounds even better. The Net Loft has a roof for eight hundred people.",
        ),
        asked(
          "Can I come in a wheelchair?",
          "Yes. There is a platform at each stage, and a ramp to the boat. A companion comes in free.",
        ),
      ]),
    }),
    section("news", "callToAction", {
      headline: "Play with us, or lend a hand",
      body: "We look for two more bands for Sunday, and for forty people who sell cups, guide ferries and hang lamps.",
      buttons: listed("button", [primary("Write to us", "mailto:crew@example.com?subject=Crew")]),
    }),
    section("footer", "footer", {
      text: "Quayside Sounds is run by a club of ninety neighbours. Nothing that we earn leaves the harbour.",
      columns: listed("column", [
        column("Festival", [
          link("Line-up", "#lineup"),
          link("Tickets", "#tickets"),
          link("Getting there", "#questions"),
        ]),
        column("Contact", [
          link("crew@example.com", "mailto:crew@example.com"),
          link("020 7946 0171", "tel:+442079460171"),
        ]),
      ]),
      copyright: "© Quayside Sounds",
      social: listed("network", [
        { network: "instagram", href: "https://www.instagram.com/" },
        { network: "youtube", href: "https://www.youtube.com/" },
      ]),
    }),
  ],
};
