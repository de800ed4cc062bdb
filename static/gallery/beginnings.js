// Templates for the sections at the top and at the end of a page.

import { button, link, listed, picture, template } from "./parts.js";

export const BEGINNINGS = [
  template("Hero with a picture", "hero", "A headline, two buttons and a picture beside them", {
    headline: "Good work, just around the corner",
    subheadline: "Say in one sentence what you offer, for whom, and why it is better with you.",
    image: picture("hills"),
    buttons: [button("Get started"), button("How it works", "secondary")],
  }),
  template(
    "Hero in the centre",
    "hero",
    "A large headline and one button",
    {
      body: "New this spring",
      headline: "Made with care, from start to finish",
      subheadline: "Take a look around, and see whether it is right for you.",
      buttons: [button("Take a look")],
    },
    { align: "center", spacing: "large" },
  ),
  template(
    "Dark hero",
    "hero",
    "White words on a dark ground, with a picture",
    {
      body: "From 15 September",
      headline: "An evening that you will talk about",
      subheadline: "Say when and where it is, and what people will see, hear or taste.",
      image: picture("waves"),
      buttons: [button("Keep a seat"), button("Read more", "secondary")],
    },
    { background: "#15171f", text: "#f4f4f8" },
  ),
];

export const ENDINGS = [
  template("Call to action", "callToAction", "One coloured panel with a button", {
    headline: "Shall we begin?",
    body: "The first talk costs nothing. Half an hour is usually enough to know.",
    buttons: [button("Write to us")],
  }),
  template(
    "Call to action in the centre",
    "callToAction",
    "Two ways on, in the centre",
    {
      headline: "Come and see for yourself",
      body: "We are there from Tuesday to Saturday. You need no appointment.",
      buttons: [button("Find us"), button("Call first", "secondary")],
    },
    { align: "center" },
  ),
  template("Footer", "footer", "Who you are, and a column of links", {
    text: "A few words about who you are, and since when.",
    columns: listed({ title: "More", links: [link("About us", 1), link("Contact", 2)] }),
    copyright: "All rights reserved.",
  }),
  template("Large footer", "footer", "Three columns of links, and social networks", {
    text: "Open from Tuesday to Saturday, from nine to six. The bell is the left one.",
    columns: listed(
      { title: "Offer", links: [link("What we do", 1), link("Prices", 2), link("Questions", 3)] },
      { title: "About", links: [link("The team", 1), link("Where we are", 2), link("Jobs", 3)] },
      { title: "Contact", links: [link("Write to us", 1), link("Call us", 2)] },
    ),
    social: listed(
      { network: "instagram", href: "https://www.instagram.com/" },
      { network: "linkedin", href: "https://www.linkedin.com/" },
    ),
    copyright: "All rights reserved.",
  }),
];
