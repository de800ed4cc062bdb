// A course: what one learns, week by week, who teaches it, and a place in it.

import { asked, card, column, link, listed, picture, primary, quote, secondary, section } from "./parts.js";

/** @type {import("./parts.js").Template} */
export const COURSE = {
  trade: "Course",
  group: "Events and culture",
  about: "Week by week, the teacher, and a place in it",
  name: "Clay Evenings",
  theme: {
    accent: "#2745a8",
    background: "#f7f2e9",
    text: "#22243a",
    heading: "Rockwell, 'Rockwell Nova', 'Roboto Slab', 'DejaVu Serif', 'Sitka Small', serif",
    body: "system-ui, 'Segoe UI', Roboto, sans-serif",
    radius: 14,
  },
  seo: {
    title: "Clay Evenings · Learn to throw pots in eight evenings",
    description:
      "A pottery course for beginners: eight Tuesdays, eight wheels, and a shelf of your own bowls at the end. Clay, glaze and two firings are included.",
  },
  navigation: [
    link("The evenings", "#evenings"),
    link("Voices", "#words"),
    link("Price", "#price"),
    primary("Take a place", "#price"),
  ],
  sections: [
    section("top", "hero", {
      body: "Eight Tuesdays, from 15 September",
      headline: "Make the bowl that you eat from",
      subheadline:
        "A course for people who have never touched a wheel. Eight places, eight evenings, and a shelf of your own pots at the end.",
      image: picture("clay-shelf", "Shelves with vases, bowls and cups in blue and white glaze"),
      buttons: listed("button", [
        primary("Take a place", "#price"),
        secondary("See the evenings", "#evenings"),
      ]),
    }),
    section("evenings", "features", {
      headline: "What happens when",
      body: "Each evening is two and a half hours. Your hands learn in that order, and no faster.",
      columns: 4,
      items: listed("evening", [
        card("1. Clay", "Wedge it, cut it, and make a cup without a wheel."),
        card("2. Centre", "The hardest evening. All of it is about one spinning lump."),
        card("3. Walls", "Open, pull, and stop one second earlier than you want to."),
        card("4. Bowls", "Three in a row, and the best one stays."),
        card("5. Feet", "Turn them over, and trim a foot that you can hold."),
        card("6. Handles", "Pulled, not rolled. Now it is a mug."),
        card("7. Glaze", "Cobalt, ash or clear. We look at tiles, and you choose."),
        card("8. The kiln", "We open it together, and eat soup from what comes out."),
      ]),
    }),
    section(
      "look",
      "gallery",
      {
        headline: "The workshop",
        layout: "grid",
        items: listed("look", [
          {
            image: picture("clay-wheel", "Two hands shape a bowl on a potter's wheel", 900, 675),
            caption: "A wheel for each person",
          },
          {
            image: picture("clay-kiln", "An open kiln with rows of glazed cups", 900, 675),
            caption: "The kiln, on the last evening",
          },
          {
            image: picture("clay-glaze", "Six round tiles, each with another blue glaze", 900, 675),
            caption: "Six glazes, mixed here",
          },
        ]),
      },
      { background: "#22315f", text: "#f7f2e9" },
    ),
    section("words", "testimonials", {
      headline: "People who began as you do",
      items: listed("quote", [
        quote(
          "On the second evening I wanted to give up. On the fourth I cancelled a birthday to be there.",
          "Sophie Laurent",
          "Course in spring",
        ),
        quote(
          "Ruth sees what your elbows do before you know that you have elbows.",
          "Marek Dvorak",
          "Course in autumn",
        ),
        quote(
          "My mugs are not round. I would not give them away for any round ones.",
          "Yusuf Kaya",
          "Course in spring",
        ),
      ]),
    }),
    section("price", "pricing", {
      headline: "One price, with everything in it",
      currency: "EUR",
      plans: listed("place", [
        {
          name: "Eight evenings",
          price: 320,
          period: "once",
          description: "Tuesdays from 18:30 to 21:00, from 15 September to 3 November.",
          features: [
            "Ten kilos of clay",
            "All glazes, and two firings",
            "Tools and an apron",
            "The open studio on Saturdays",
          ],
          featured: true,
          button: primary("Take a place", "mailto:ruth@example.com?subject=Autumn%20course"),
        },
        {
          name: "One evening to try",
          price: 45,
          period: "once",
          description: "The first Tuesday of each month. Two hours, one cup.",
          features: ["Clay and firing are included", "Counts towards the course"],
          button: secondary("Try an evening", "mailto:ruth@example.com?subject=One%20evening"),
        },
      ]),
    }),
    section("questions", "faq", {
      headline: "Before you sign up",
      items: listed("question", [
        asked(
          "Do I need to be good with my hands?",
          "No. You need short nails and some patience. The rest is practice.",
        ),
        asked("What if I miss an evening?", "Come to the open studio on Saturday, and catch up there."),
        asked("Can I pay in parts?", "Yes, in two. Half when you sign up, and half on the fifth evening."),
      ]),
    }),
    section(
      "place",
      "callToAction",
      {
        headline: "Three places are left",
        body: "Write to Ruth. She answers in the evening, when the clay is off her hands.",
        buttons: listed("button", [
          primary("Write to Ruth", "mailto:ruth@example.com?subject=Autumn%20course"),
        ]),
      },
      { align: "center" },
    ),
    section("footer", "footer", {
      text: "Clay Evenings takes place in the yard behind the old dairy. Ring twice: the wheels are loud.",
      columns: listed("column", [
        column("Course", [
          link("The evenings", "#evenings"),
          link("Price", "#price"),
          link("Questions", "#questions"),
        ]),
        column("Contact", [
          link("ruth@example.com", "mailto:ruth@example.com"),
          link("020 7946 0134", "tel:+442079460134"),
        ]),
      ]),
      copyright: "© Clay Evenings",
      social: listed("network", [{ network: "instagram", href: "https://www.instagram.com/" }]),
    }),
  ],
};
