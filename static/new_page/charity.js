// A non-profit: what is wrong, what it does about it, and how to help.

import { asked, card, column, link, listed, picture, primary, quote, secondary, section } from "./parts.js";

/** @type {import("./parts.js").Template} */
export const CHARITY = {
  trade: "Non-profit",
  group: "Events and culture",
  about: "The cause, the next dates, and ways to help",
  name: "River Keepers",
  theme: {
    accent: "#0a6480",
    background: "#fbfdfc",
    text: "#10303c",
    heading:
      "ui-rounded, 'Hiragino Maru Gothic ProN', Quicksand, Comfortaa, Manjari, 'Arial Rounded MT Bold', Calibri, source-sans-pro, sans-serif",
    body: "Seravek, 'Gill Sans Nova', Ubuntu, Calibri, 'DejaVu Sans', source-sans-pro, sans-serif",
    radius: 18,
  },
  seo: {
    title: "River Keepers · Volunteers for a living river",
    description:
      "Every first Saturday, we take rubbish out of the Ard and put reed back in. Come for a morning, adopt a stretch of the bank, or give ten euros a month.",
  },
  navigation: [
    link("What we do", "#work"),
    link("Dates", "#dates"),
    link("Questions", "#questions"),
    primary("Donate", "#help"),
  ],
  sections: [
    section("top", "hero", {
      body: "Every first Saturday of the month",
      headline: "The river was here first",
      subheadline:
        "In eleven years, two thousand neighbours have carried forty tonnes of rubbish out of the Ard. The kingfisher is back. Now we plant what keeps it here.",
      image: picture(
        "river-bend",
        "A river bends through green hills, with a red canoe and a heron at its bank",
      ),
      buttons: listed("button", [
        primary("Come on Saturday", "#dates"),
        secondary("Give ten euros", "#help"),
      ]),
    }),
    section("work", "features", {
      headline: "What we do, with wet feet",
      columns: 3,
      items: listed("work", [
        card(
          "We take out",
          "Bottles, tyres, and once a piano. We sort it on the bank, so that two thirds of it are recycled.",
          {
            image: picture(
              "river-canoe",
              "Two people in a red canoe with a bag of rubbish between them",
              800,
              600,
            ),
          },
        ),
        card(
          "We put back",
          "Reed, willow and alder hold the bank better than concrete. Last year we planted three kilometres.",
          {
            image: picture(
              "river-planting",
              "Hands set a young plant into the soil beside the water",
              800,
              600,
            ),
          },
        ),
        card(
          "We count",
          "Water, insects and birds, at twelve places, every month. The figures are public, and the council reads them.",
          {
            image: picture(
              "river-kingfisher",
              "A blue and orange kingfisher on a branch above the water",
              800,
              600,
            ),
          },
        ),
      ]),
    }),
    section(
      "dates",
      "features",
      {
        headline: "Next on the river",
        body: "Gloves, boots and soup are there. Children are welcome from six years on.",
        columns: 3,
        items: listed("date", [
          card("7 March", "Clean-up at Tanner's Bridge. 9:00 to 12:30, then soup at the boathouse.", {
            icon: "calendar",
          }),
          card("4 April", "Planting reed at the Long Meadow. We need thirty people with spades.", {
            icon: "leaf",
          }),
          card("2 May", "Counting morning with a biologist. Bring binoculars if you have any.", {
            icon: "bee",
          }),
        ]),
      },
      { background: "#d8eef0", text: "#10303c" },
    ),
    section("words", "testimonials", {
      headline: "Why they come back",
      items: listed("quote", [
        quote(
          "I came for one morning, because my son wanted to find a treasure. He found a bicycle. We have been back nineteen times.",
          "Dele Adeyemi",
          "Volunteer since 2021",
        ),
        quote(
          "They do not shout at us. They bring figures. That is why we listen.",
          "Karin Wolff",
          "Head of parks, City of Ardmouth",
        ),
      ]),
    }),
    section("help", "pricing", {
      headline: "Ten euros go a long way down a river",
      body: "We have no employees. All of it goes into plants, gloves, boats and soup. You get a receipt for your taxes.",
      currency: "EUR",
      plans: listed("gift", [
        {
          name: "A friend",
          price: 10,
          period: "month",
          description: "Twenty young willows in a year.",
          features: ["A letter from the river, four times a year"],
          button: secondary("Become a friend", "mailto:give@example.com?subject=Friend"),
        },
        {
          name: "A stretch of the bank",
          price: 30,
          period: "month",
          description: "Fifty metres that you look after with us.",
          features: [
            "A sign with your name, or that of your class",
            "A morning there with one of our biologists",
          ],
          featured: true,
          button: primary("Adopt a stretch", "mailto:give@example.com?subject=Stretch"),
        },
        {
          name: "Once",
          price: 50,
          period: "once",
          description: "A day's gloves, bags and soup for twelve people.",
          features: ["A photograph of what was taken out"],
          button: secondary("Give once", "mailto:give@example.com?subject=Once"),
        },
      ]),
    }),
    section("questions", "faq", {
      headline: "Good to know",
      items: listed("question", [
        asked(
          "Do I have to be able to swim?",
          "On the bank, no. In the boats, yes, and all of us wear a vest.",
        ),
        asked(
          "Can our company come?",
          "Yes, on weekdays, with eight people or more. We ask for a gift of 25 for each person.",
        ),
        asked("Who are you?", "A registered charity with 212 members. Our accounts and minutes are public."),
      ]),
    }),
    section("join", "callToAction", {
      headline: "See you on Saturday?",
      body: "Tell us how many you are, so that there is enough soup.",
      buttons: listed("button", [primary("I am coming", "mailto:hello@example.com?subject=Saturday")]),
    }),
    section("footer", "footer", {
      text: "River Keepers is a registered charity. The boathouse is open on Wednesdays from five.",
      columns: listed("column", [
        column("Help", [link("Dates", "#dates"), link("Donate", "#help"), link("Questions", "#questions")]),
        column("Contact", [
          link("hello@example.com", "mailto:hello@example.com"),
          link("020 7946 0188", "tel:+442079460188"),
        ]),
      ]),
      copyright: "© River Keepers",
      social: listed("network", [
        { network: "mastodon", href: "https://mastodon.social/" },
        { network: "instagram", href: "https://www.instagram.com/" },
      ]),
    }),
  ],
};
