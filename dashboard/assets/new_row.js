// The answer on a control, and that of a second model, stand below what they are compared with, often below the screen.
// One that has just been chosen is brought into view, no further than needed: the film stays in sight where it can.
const still = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

export default function ({ data, parentElement }) {
  const before = parentElement.vplRows;
  parentElement.vplRows = data.rows;
  if (!before) return; // as the page was opened
  const chosen = Object.keys(data.rows).find((name) => data.rows[name] && data.rows[name] !== before[name]);
  if (!chosen) return;
  requestAnimationFrame(() => {
    const row = document.querySelector(`.st-key-${chosen}`);
    row?.scrollIntoView({ block: "nearest", behavior: still() ? "auto" : "smooth" });
  });
}
