// A physiotherapist: for which pain, how a visit goes, what it costs, and how to get an appointment.

import { asked, card, column, link, listed, picture, primary, quote, secondary, section } from "./parts.js";

/** @type {import("./parts.js").Template} */
export const PHYSIOTHERAPIST = {
  trade: "Physiotherapist",
  group: "Health and services",
  about: "Treatments, prices, and a first appointment",
  name: "Brandt Physiotherapy",
  theme: {
    accent: "#0b6b62",
    background: "#f5faf8",
    text: "#12302c",
    heading: "Optima, Candara, 'Noto Sans', source-sans-pro, sans-serif",
    body: "system-ui, 'Segoe UI', Roboto, sans-serif",
    radius: 16,
  },
  seo: {
    title: "Brandt Physiotherapy · Back, knee and shoulder",
    description:
      "Physiotherapy with forty minutes for each visit. For backs, knees and shoulders, after an operation, and for runners. First appointments within a week.",
  },
  navigation: [
    link("Treatments", "#treatments"),
    link("Your first visit", "#visit"),
    link("Prices", "#prices"),
    primary("Book", "#book"),
  ],
  sections: [
    section("top", "hero", {
      body: "Back, knee, shoulder",
      headline: "Move again without thinking about it",
      subheadline:
        "You get forty minutes, one therapist, and a plan for home that fits on one page. Most people need four to six visits.",
      image: picture("physio-stretch", "A woman stretches on a mat in a bright room with a plant"),
      buttons: listed("button", [
        primary("Book a first visit", "#book"),
        secondary("What to expect", "#visit"),
      ]),
    }),
    section("treatments", "features", {
      headline: "What people come to us with",
      columns: 3,
      items: listed("treatment", [
        card(
          "Back and neck",
          "Stiff in the morning, sore after a day at the desk. We find what provokes it, and what calms it.",
          { icon: "people" },
        ),
        card(
          "Knee and hip",
          "On stairs, on runs, or after a twist. We build strength around the joint, step by step.",
          { icon: "bike" },
        ),
        card(
          "Shoulder",
          "When reaching for the top shelf hurts. Gentle hands first, then exercises that you can do at work.",
          { icon: "heart" },
        ),
        card(
          "After an operation",
          "We read the report of your surgeon, and agree on what the joint may do, week by week.",
          { icon: "shield" },
        ),
        card(
          "Runners",
          "We film your stride, and change one thing at a time. You keep running while we work on it.",
          { icon: "chart" },
        ),
        card(
          "Headache and jaw",
          "Tension often begins between the shoulder blades. That is where we look first.",
          { icon: "sun" },
        ),
      ]),
    }),
    section(
      "visit",
      "features",
      {
        headline: "Your first visit, minute by minute",
        body: "Bring your referral if you have one, and clothes that you can move in.",
        columns: 3,
        items: listed("step", [
          card("0 to 15: you talk", "Since when, at what time of day, and what you would like to do again."),
          card(
            "15 to 30: we test",
            "Movement, strength and balance. Nothing that should not hurt will hurt.",
          ),
          card(
            "30 to 40: you get a plan",
            "Three exercises, drawn on one page, and a date on which we look again.",
          ),
        ]),
      },
      { background: "#dcefe9", text: "#12302c" },
    ),
    section("prices", "pricing", {
      headline: "Prices",
      body: "With a referral, most insurers pay the full amount. We give you an invoice that they accept.",
      currency: "EUR",
      plans: listed("plan", [
        {
          name: "First visit",
          price: 72,
          period: "once",
          description: "Forty minutes, with tests and a plan for home.",
          features: [
            "One therapist for the whole time",
            "Your exercises on paper",
            "A letter to your doctor, if you want one",
          ],
          featured: true,
          button: primary("Book a first visit", "#book"),
        },
        {
          name: "Next visits",
          price: 58,
          period: "once",
          description: "Forty minutes, always with the same therapist.",
          features: [
            "Treatment and training",
            "The plan is adapted each time",
            "Free to move until the day before",
          ],
          button: secondary("Book a visit", "#book"),
        },
        {
          name: "Running analysis",
          price: 95,
          period: "once",
          description: "One hour on the treadmill and on the couch.",
          features: [
            "Film from the side and from behind",
            "One change to work on",
            "A second look after three weeks",
          ],
          button: secondary("Book an analysis", "#book"),
        },
      ]),
    }),
    section("words", "testimonials", {
      headline: "After six weeks",
      items: listed("quote", [
        quote(
          "I carry my daughter up the stairs again. I had forgotten that this was once normal.",
          "Tom Avery",
          "Lower back",
          { rating: 5 },
        ),
        quote(
          "No lecture, no machines. She watched me walk, and knew where to look.",
          "Renate Vogt",
          "Hip, after an operation",
          { rating: 5 },
        ),
      ]),
    }),
    section("questions", "faq", {
      headline: "Before you come",
      items: listed("question", [
        asked("Do I need a referral?", "For insurance, yes. If you pay yourself, you can come without one."),
        asked(
          "How soon can I come?",
          "First visits are possible within a week. With acute pain, please call: we keep two places free each day.",
        ),
        asked("Can I reach you with a wheelchair?", "Yes. The door, the lift and the rooms have no steps."),
      ]),
    }),
    section("book", "form", {
      headline: "When does it suit you?",
      body: "Write where it hurts, and two times that would suit you. We confirm within one working day.",
      action: "mailto:hello@example.com?subject=First%20visit",
      submit: "Write to us",
      success: "Thank you. We confirm your visit within one working day.",
      fields: listed("field", [
        { name: "name", label: "Your name", kind: "text", required: true },
        { name: "phone", label: "Your phone number", kind: "tel", required: true },
        { name: "time", label: "Times that suit you", kind: "textarea" },
      ]),
    }),
    section("footer", "footer", {
      text: "Brandt Physiotherapy. Two therapists, two rooms, on the first floor above the pharmacy.",
      columns: listed("column", [
        column("Practice", [
          link("Treatments", "#treatments"),
          link("Prices", "#prices"),
          link("Questions", "#questions"),
        ]),
        column("Contact", [
          link("020 7946 0145", "tel:+442079460145"),
          link("hello@example.com", "mailto:hello@example.com"),
        ]),
      ]),
      copyright: "© Brandt Physiotherapy, 4 Station Square",
    }),
  ],
};
