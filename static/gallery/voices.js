// Templates for what customers say and ask, for pictures, and for forms.

import { asked, listed, picture, template } from "./parts.js";

const FIELDS = [
  { name: "name", label: "Your name", kind: "text", required: true },
  { name: "email", label: "Your email address", kind: "email", required: true },
];

export const VOICES = [
  template("Testimonials", "testimonials", "What three customers say", {
    headline: "What customers say",
    items: listed(
      {
        quote: "They called back within the hour. I did not know that this still exists.",
        name: "Maria",
        role: "Customer since 2021",
      },
      {
        quote: "It cost what they had said it would cost. I have told all my neighbours.",
        name: "Jonas",
        role: "Neighbour",
      },
      { quote: "My mother of eighty understood it at once. So did I.", name: "Aylin", role: "Daughter" },
    ),
  }),
  template(
    "One quote",
    "testimonials",
    "A single voice, in the centre",
    {
      items: listed({
        quote:
          "We looked for a year, and found three who could do it. They were the only ones who asked us why.",
        name: "Clara Weber",
        role: "Head of the school",
      }),
    },
    { align: "center" },
  ),
  template("Reviews with stars", "testimonials", "Two reviews with their stars", {
    headline: "Reviews",
    items: listed(
      { quote: "Quick, friendly, and clean when they left.", name: "Petra", role: "May", rating: 5 },
      {
        quote: "A day late, but they told me before, and it is perfect.",
        name: "Samir",
        role: "April",
        rating: 4,
      },
    ),
  }),
  template("Questions", "faq", "Questions that open their answers", {
    headline: "Questions and answers",
    items: listed(
      asked("How do I begin?", "Press the button at the top of the page. We answer within a day."),
      asked("What does it cost?", "That depends on the size. You know the price before we start."),
      asked("Can I change my mind?", "Yes. Until the day before, it costs nothing."),
    ),
  }),
  template(
    "Questions on a soft ground",
    "faq",
    "The same, on a coloured ground",
    {
      headline: "Good to know before you come",
      items: listed(
        asked("How do I get to you?", "Bus 4 stops at the door. There are two parking places in the yard."),
        asked("May I bring children?", "Yes. There is a corner with books, and the dog likes children."),
        asked("Are there steps?", "No. The entrance, the rooms and the toilet have no steps."),
        asked("Can I pay by card?", "Yes, and in cash."),
      ),
    },
    { background: "#eef1f6", text: "#1b1d24" },
  ),
  template("Gallery in a grid", "gallery", "Pictures of one size", {
    headline: "A look inside",
    layout: "grid",
    items: listed(
      { image: picture("hills"), caption: "From the window" },
      { image: picture("shapes"), caption: "On the shelf" },
      { image: picture("waves"), caption: "Close up" },
    ),
  }),
  template("Gallery in a row", "gallery", "Pictures that scroll sideways", {
    headline: "Have a look",
    layout: "carousel",
    items: listed(
      { image: picture("shapes") },
      { image: picture("waves") },
      { image: picture("hills") },
      { image: picture("shapes") },
    ),
  }),
  template("Gallery in columns", "gallery", "Pictures of any shape, with a title each", {
    headline: "Our work",
    layout: "masonry",
    items: listed(
      { image: picture("waves"), caption: "**The first one**, 2025" },
      { image: picture("hills"), caption: "**The second one**, 2024" },
      { image: picture("shapes"), caption: "**The third one**, 2023" },
    ),
  }),
  template("Form", "form", "Name, address and a message", {
    headline: "Write to us",
    body: "Tell us what you need, and how we can reach you.",
    submit: "Send",
    success: "Thank you. We will write to you within a day.",
    fields: listed(...FIELDS, { name: "message", label: "Your message", kind: "textarea" }),
  }),
  template("Sign up", "form", "One field for a newsletter or a waiting list", {
    headline: "Be among the first",
    body: "One letter when it is ready. No others.",
    submit: "Join",
    success: "Thank you. You will hear from us.",
    fields: listed(FIELDS[1]),
  }),
  template("Reservation", "form", "Day, number of people and a wish", {
    headline: "A table for you",
    body: "For the same evening, please call.",
    submit: "Ask for a table",
    success: "Thank you. We confirm your table the same day.",
    fields: listed(
      FIELDS[0],
      { name: "day", label: "Day", kind: "date", required: true },
      { name: "people", label: "How many people", kind: "number", required: true },
      { name: "wish", label: "Is there something that we should know?", kind: "textarea" },
    ),
  }),
];
