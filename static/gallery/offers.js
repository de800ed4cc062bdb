// Templates for what a page offers: features, steps and prices.

import { button, card, listed, picture, template } from "./parts.js";

export const OFFERS = [
  template("Features in cards", "features", "Three cards, each with an icon", {
    headline: "What you get",
    columns: 3,
    items: listed(
      card("heart", "Made with care", "We take our time with the details, so that you do not have to."),
      card("clock", "Ready when you are", "Start today, or look around first. Both are fine."),
      card("chat", "Easy to reach", "You talk to the person who does the work. By phone, too."),
    ),
  }),
  template("How it works", "features", "Three steps, one beside the other", {
    headline: "How it works",
    body: "Three steps, and no small print.",
    columns: 3,
    items: listed(
      card("chat", "1. Tell us what you need", "Write in your own words. A short message is enough."),
      card("calendar", "2. Choose a time", "We suggest two. You take the one that suits you."),
      card("check", "3. Lean back", "We do the work, and tell you when it is done."),
    ),
  }),
  template("Features in two columns", "features", "Four short texts for the details", {
    headline: "The details",
    columns: 2,
    items: listed(
      card("star", "What it does", "Describe it as you would to a friend."),
      card("people", "Who it is for", "Name the people who will like it most."),
      card("map", "Where to find it", "Say where it is, or how it gets to your visitors."),
      card("shield", "What you can count on", "Say what you promise, also when it goes wrong."),
    ),
  }),
  template("Features with pictures", "features", "Two large pictures with a text below each", {
    headline: "Two things that we do well",
    columns: 2,
    items: listed(
      {
        title: "The first one",
        body: "What people see when they open the door, the box or the app.",
        image: picture("shapes"),
      },
      {
        title: "The second one",
        body: "What they notice only after a week, and tell others about.",
        image: picture("hills"),
      },
    ),
  }),
  template(
    "Figures",
    "features",
    "Three numbers on a dark ground",
    {
      columns: 3,
      items: listed(
        { title: "12 years", body: "in the same street, with the same people." },
        { title: "4 of 5", body: "customers come back within a year." },
        { title: "48 hours", body: "from your message to our first visit." },
      ),
    },
    { background: "#15171f", text: "#f4f4f8", spacing: "small" },
  ),
  template("Three plans", "pricing", "Prices side by side, one of them marked", {
    headline: "Plans and prices",
    body: "Choose what suits you now. You can change it every month.",
    currency: "EUR",
    plans: listed(
      {
        name: "Basic",
        price: 0,
        period: "month",
        description: "To have a look around.",
        features: ["For one person", "One project", "Help by mail"],
        button: button("Start free", "secondary"),
      },
      {
        name: "Standard",
        price: 20,
        period: "month",
        description: "For most people.",
        features: ["For five people", "Any number of projects", "Help by phone"],
        featured: true,
        button: button("Choose Standard"),
      },
      {
        name: "Plus",
        price: 50,
        period: "month",
        description: "For teams that do this all day.",
        features: ["For twenty people", "Rights for each person", "A day with us, once a year"],
        button: button("Choose Plus", "secondary"),
      },
    ),
  }),
  template(
    "One price",
    "pricing",
    "A single offer with all that it includes",
    {
      headline: "One price for everything",
      currency: "EUR",
      plans: listed({
        name: "The whole day",
        price: 100,
        period: "once",
        description: "From nine to five, with lunch.",
        features: ["All materials", "A place at the window", "What you make is yours"],
        featured: true,
        button: button("Take a place"),
      }),
    },
    { align: "center" },
  ),
  template("Two offers", "pricing", "A small one and a large one", {
    headline: "Short or long?",
    currency: "EUR",
    plans: listed(
      {
        name: "One hour",
        price: 60,
        period: "once",
        description: "For one question.",
        features: ["We talk on the phone", "You get a page of notes"],
        button: button("Choose an hour", "secondary"),
      },
      {
        name: "Half a day",
        price: 220,
        period: "once",
        description: "For a plan that you can begin with.",
        features: ["We come to you", "You get a plan with dates", "A second look after a month"],
        featured: true,
        button: button("Choose half a day"),
      },
    ),
  }),
];
