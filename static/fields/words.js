// What users call the fields of the page format.

/** By the name of a field, or by the name of what has it, a point, and its own. @type {Record<string, string>} */
const LABELS = {
  action: "Answers go to",
  align: "Alignment",
  alt: "Describe the picture",
  anchor: "Name for links",
  background: "Background",
  body: "Text",
  button: "Button",
  buttons: "Buttons",
  canonical: "Canonical address",
  caption: "Caption",
  columns: "Columns",
  company: "Company",
  copyright: "Last line",
  currency: "Currency",
  featured: "Highlight this plan",
  features: "What is included",
  fields: "Fields",
  hidden: "Show on page",
  href: "Leads to",
  image: "Picture",
  kind: "Kind of answer",
  label: "Button text",
  link: "Leads to",
  name: "Name",
  options: "Choices",
  period: "Paid",
  placeholder: "Example in the empty field",
  price: "Price",
  rating: "Stars",
  required: "Must be filled in",
  social: "Social networks",
  spacing: "Space above and below",
  src: "Address of the picture",
  style: "Look",
  subheadline: "Line below the headline",
  submit: "Button text",
  success: "Words after sending",
  text: "Text",
  "faq.items": "Questions",
  "features.items": "Cards",
  "hero.body": "Line above, or long text below",
  "gallery.items": "Pictures",
  "testimonials.items": "Quotes",
  "fields.label": "Label",
  "fields.name": "Name in the answers",
  "links.label": "Link text",
  "theme.text": "Text colour",
};

/** What one item of a list is called, by the label of the list. @type {Record<string, string>} */
const ONE = {
  "What is included": "line",
  "Social networks": "network",
  Choices: "choice",
};

/** By the field and the value. @type {Record<string, string>} */
const CHOICES = {
  "style.primary": "Main button",
  "style.secondary": "Second button",
  "style.link": "Plain link",
  "layout.masonry": "Columns",
  "layout.carousel": "Row that scrolls",
  "period.month": "Per month",
  "period.year": "Per year",
  "kind.text": "Short text",
  "kind.email": "Email address",
  "kind.tel": "Phone number",
  "kind.textarea": "Long text",
  "kind.select": "Choice from a list",
  "kind.checkbox": "Tick box",
  "network.linkedin": "LinkedIn",
  "network.youtube": "YouTube",
  "network.github": "GitHub",
  "network.tiktok": "TikTok",
};

/** `someName` as `Some name`. @param {string} name */
function readable(name) {
  const words = name.replace(/([a-z])([A-Z])|[_-]+/g, "$1 $2").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** @param {string} name @param {string} [holder] what has the field: a type of section, or a list */
export function labelOf(name, holder = "") {
  return LABELS[`${holder}.${name}`] ?? LABELS[name] ?? readable(name);
}

/** @param {string} label of a list */
export function oneOf(label) {
  return ONE[label] ?? label.toLowerCase().replace(/s$/, "");
}

/** @param {string} name @param {string} value */
export function choiceOf(name, value) {
  return CHOICES[`${name}.${value}`] ?? readable(value);
}
