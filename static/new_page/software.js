// A software product: what it does, how it looks, what it costs, and how to try it.

import { asked, card, column, link, listed, picture, primary, quote, secondary, section } from "./parts.js";

/** @type {import("./parts.js").Template} */
export const SOFTWARE = {
  trade: "Software product",
  group: "Technology",
  about: "What it does, how it looks, and three plans",
  name: "Rotabird",
  theme: {
    accent: "#4338ca",
    background: "#ffffff",
    text: "#16172b",
    heading: "Inter, Roboto, 'Helvetica Neue', 'Arial Nova', 'Nimbus Sans', Arial, sans-serif",
    body: "Inter, Roboto, 'Helvetica Neue', 'Arial Nova', 'Nimbus Sans', Arial, sans-serif",
    radius: 10,
  },
  seo: {
    title: "Rotabird · Shift planning for small teams",
    description:
      "Plan the week of your café, shop or clinic in ten minutes. Your team sees its shifts on the phone, and swaps them without asking you. Free for five people.",
  },
  navigation: [
    link("Features", "#features"),
    link("Prices", "#prices"),
    link("Questions", "#questions"),
    primary("Try it free", "#prices"),
  ],
  sections: [
    section(
      "top",
      "hero",
      {
        body: "Shift planning for teams of 5 to 50",
        headline: "Next week's rota, before your coffee is cold",
        subheadline:
          "Rotabird knows who can work when. You drag names onto the week, and your team has its shifts on the phone a second later.",
        image: picture("software-week", "A week as a calendar, with coloured shifts for six people"),
        buttons: listed("button", [
          primary("Try it free", "#prices"),
          secondary("See how it works", "#features"),
        ]),
      },
      { background: "#11122b", text: "#f3f3ff" },
    ),
    section("numbers", "features", {
      columns: 3,
      items: listed("number", [
        card("10 minutes", "is what a week takes to plan, for a team of twelve."),
        card("3 of 4 swaps", "are settled by the team, without a call to the manager."),
        card("0 spreadsheets", "are left on the fridge of the break room."),
      ]),
    }),
    section("features", "features", {
      headline: "Made for the person who writes the rota",
      body: "You know the puzzle: two students, one driving licence, a wedding on Saturday. Rotabird keeps the pieces in view.",
      columns: 2,
      items: listed("feature", [
        card(
          "Swaps that settle themselves",
          "Your team offers and takes shifts on the phone. You see the result, and step in only when a rule would break.",
          {
            image: picture(
              "software-phone",
              "A phone that shows a shift on offer, with a button to take it",
              800,
              600,
            ),
          },
        ),
        card(
          "Hours that add up",
          "Contract, holidays, overtime: the balance is beside each name while you plan, and ready for payroll at the end.",
          {
            image: picture("software-hours", "A chart with the planned hours of each weekday", 800, 600),
          },
        ),
      ]),
    }),
    section("words", "testimonials", {
      headline: "Rotas that people stopped talking about",
      items: listed("quote", [
        quote(
          "Sunday evening used to be rota evening. Now it is just Sunday evening.",
          "Carla Nunes",
          "Owner",
          { company: "Café Amparo", rating: 5 },
        ),
        quote(
          "We have four sites and one rota. I can see a gap on Thursday before it becomes a phone call on Thursday.",
          "Piotr Zielinski",
          "Operations",
          { company: "Northside Pharmacies", rating: 5 },
        ),
        quote(
          "My team asked me to keep it. That has never happened with software before.",
          "Hannah Osei",
          "Ward manager",
          { company: "St. Brigid", rating: 4.5 },
        ),
      ]),
    }),
    section("prices", "pricing", {
      headline: "Free until you grow",
      body: "Every plan has the app, swaps and reminders. Change or cancel in any month.",
      currency: "EUR",
      plans: listed("plan", [
        {
          name: "Nest",
          price: 0,
          period: "month",
          description: "For one team that is getting started.",
          features: ["Up to 5 people", "One place of work", "Swaps and reminders"],
          button: secondary("Start free", "mailto:hello@example.com?subject=Nest"),
        },
        {
          name: "Flock",
          price: 29,
          period: "month",
          description: "For a shop, a café or a clinic.",
          features: ["Up to 25 people", "Hours, holidays and overtime", "Export for payroll"],
          featured: true,
          button: primary("Try 30 days free", "mailto:hello@example.com?subject=Flock"),
        },
        {
          name: "Colony",
          price: 79,
          period: "month",
          description: "For several places with one staff.",
          features: ["Up to 100 people", "Any number of places", "Rights for each manager"],
          button: secondary("Talk to us", "mailto:hello@example.com?subject=Colony"),
        },
      ]),
    }),
    section("questions", "faq", {
      headline: "Good questions",
      items: listed("question", [
        asked(
          "Does my team need an account?",
          "They need the link that you send them, and a phone. There is no password to forget.",
        ),
        asked(
          "Can I bring my old rota?",
          "Yes. Paste it from a spreadsheet, and check the names. It takes about five minutes.",
        ),
        asked(
          "Where is our data?",
          "On servers in the European Union. You can download all of it, and delete all of it, at any time.",
        ),
        asked(
          "What if the internet is down?",
          "The app keeps the last rota on each phone. Changes are sent when the network is back.",
        ),
      ]),
    }),
    section(
      "start",
      "callToAction",
      {
        headline: "Plan one week with it",
        body: "If the next one takes you longer than ten minutes, tell us why. We read every letter.",
        buttons: listed("button", [primary("Try it free", "#prices")]),
      },
      { align: "center" },
    ),
    section("footer", "footer", {
      text: "Rotabird is made by seven people who have all worked a Saturday shift.",
      columns: listed("column", [
        column("Product", [
          link("Features", "#features"),
          link("Prices", "#prices"),
          link("Questions", "#questions"),
        ]),
        column("Contact", [link("hello@example.com", "mailto:hello@example.com")]),
      ]),
      copyright: "© Rotabird",
      social: listed("network", [
        { network: "linkedin", href: "https://www.linkedin.com/" },
        { network: "github", href: "https://github.com/" },
      ]),
    }),
  ],
};
