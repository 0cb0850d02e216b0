// The class's drawings over the X-ray, and the known findings, dashed. Where the class looks at them, a click enlarges one.
const SVG = "http://www.w3.org/2000/svg";

export default function ({ data, parentElement, setStateValue }) {
  const [width, height] = data.size;
  const picture = part("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": data.label });
  const choose = (member) => setStateValue("picked", { member, at: Date.now() });
  picture.append(...data.findings.flatMap((one) => finding(one, data.font)), ...data.shapes.map((one) => drawing(one, choose)));
  const focused = parentElement.querySelector(":focus")?.dataset.member; // a new drawing takes nobody's place away
  parentElement.querySelector("svg")?.remove();
  parentElement.append(picture);
  if (focused) picture.querySelector(`[data-member="${focused}"]`)?.focus();
}

function drawing({ member, title, mine, kind, outline, clickable, waiting }, choose) {
  const looks = waiting ? "waiting" : mine ? "shape mine" : "shape";
  const group = part("g", { class: looks, "data-member": member, "aria-label": title });
  const words = part("title", {});
  words.textContent = title;
  group.append(words, part(kind, outline));
  if (!clickable) {
    group.setAttribute("role", "img");
    return group;
  }
  group.setAttribute("role", "button");
  group.setAttribute("tabindex", "0");
  group.addEventListener("click", () => choose(member));
  group.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    choose(member);
  });
  return group;
}

function finding({ label, x, y, width, height, labelY }, font) {
  const words = part("text", { x, y: labelY, "font-size": font });
  words.textContent = label;
  return [part("rect", { class: "finding", x, y, width, height }), words];
}

function part(name, values) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(values)) made.setAttribute(key, value);
  return made;
}
