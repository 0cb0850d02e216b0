// Lets the answer move from what it was to what it is: the app replaces its HTML, and this script starts the new bars at
// the old ones' lengths and the new numbers at the old numbers. Also: a class under the pointer or with the focus is lit
// and told to whoever listens, as the event "vpl-class" on the document, with {name} of the class or ""; the arrow keys
// lead from class to class; and a new sentence is read aloud, unless it is the answer to a shape that is still being
// dragged, which moves faster, for the next one comes soon. The order and the place of rows never change here.
const ANSWER = ".st-key-demo_answer";
const MOVE = { duration: 450, easing: "cubic-bezier(.2, .7, .2, 1)" };
const MOVE_DRAFT = { duration: 140, easing: "linear" };
const still = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;
const rowsOf = (answer) => [...answer.querySelectorAll(".vpl-answer:not(.vpl-second-answer) .vpl-row")];
const FOLDED = ".vpl-answer:not(.vpl-second-answer) details";
const nameOf = (row) => row?.dataset.class ?? "";

export default function () {
  let frame;
  const begin = () => {
    const answer = document.querySelector(ANSWER);
    if (!answer) frame = requestAnimationFrame(begin);
    else if (!answer.vplMoves) watch(answer);
  };
  begin();
  return () => cancelAnimationFrame(frame);
}

function watch(answer) {
  answer.vplMoves = true;
  watchStaleness(answer);
  let last = readings(answer);
  let focused = "";
  const unfolded = new Set(); // by class name: the long list, and what the answer is worth
  const prepare = () => {
    const rows = rowsOf(answer);
    rows.forEach((row, index) => { row.tabIndex = (focused ? nameOf(row) === focused : index === 0) ? 0 : -1; });
    for (const part of answer.querySelectorAll(FOLDED)) part.open = unfolded.has(part.className);
  };
  prepare();
  new MutationObserver(() => {
    const table = answer.querySelector(".vpl-bars");
    if (!table || table.vplKnown) return;
    table.vplKnown = true;
    prepare();
    if (focused && document.activeElement === document.body) find(answer, focused)?.focus({ preventScroll: true });
    const before = last;
    last = readings(answer);
    const isDraft = answer.querySelector("[data-draft]") !== null;
    if (!still()) rowsOf(answer).forEach((row) => move(row, before.get(nameOf(row)), isDraft ? MOVE_DRAFT : MOVE));
    if (!isDraft) say(answer.querySelector(".vpl-sentence, .vpl-banner")?.textContent ?? "");
  }).observe(answer, { childList: true, subtree: true });

  const light = (name) => {
    for (const row of rowsOf(answer)) row.classList.toggle("vpl-lit", name !== "" && nameOf(row) === name);
    if (answer.vplLit === name) return;
    answer.vplLit = name;
    document.dispatchEvent(new CustomEvent("vpl-class", { detail: { name } }));
  };
  const rowAt = (event) => event.target.closest?.(".vpl-row");
  answer.addEventListener("pointerover", (event) => light(nameOf(rowAt(event)) || focused));
  answer.addEventListener("pointerleave", () => light(focused));
  answer.addEventListener("focusin", (event) => { focused = nameOf(rowAt(event)); light(focused); });
  answer.addEventListener("focusout", (event) => {
    if (!event.target.isConnected || !document.hasFocus()) return; // replaced by a new answer, or another window
    focused = "";
    light("");
  });
  answer.addEventListener("toggle", (event) => {
    const part = event.target;
    if (part.isConnected && part.matches(FOLDED)) unfolded[part.open ? "add" : "delete"](part.className);
  }, true);
  answer.addEventListener("keydown", (event) => {
    const row = rowAt(event);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!row || !step) return;
    const rows = rowsOf(answer).filter((one) => one.offsetParent !== null);
    const next = rows[rows.indexOf(row) + step];
    event.preventDefault();
    if (!next) return;
    row.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
}

const find = (answer, name) => rowsOf(answer).find((row) => nameOf(row) === name);
const barsOf = (row) => [...row.querySelectorAll(".vpl-track i")];

// What the rows show, by class: lengths of the bars, and the numbers as text.
function readings(answer) {
  return new Map(rowsOf(answer).map((row) => [nameOf(row), {
    widths: barsOf(row).map((bar) => bar.style.width),
    text: row.querySelector(".vpl-number").textContent,
  }]));
}

function move(row, before, motion) {
  if (!before) return;
  barsOf(row).forEach((bar, index) => {
    const from = before.widths[index];
    if (from !== bar.style.width) bar.animate([{ width: from }, { width: bar.style.width }], motion);
  });
  const cell = row.querySelector(".vpl-number");
  const [from, to] = [latest(before.text), latest(cell.textContent)];
  if (from !== null && to !== null && from !== to) count(cell, from, to, motion);
}

// The number on the right of "31% → 97%".
const latest = (text) => { const found = text.match(/(\d+)%\s*$/); return found && Number(found[1]); };

// The moving number covers the true one, which stays what it is for readers, tests and the clipboard.
function count(cell, from, to, motion) {
  const rest = cell.textContent.replace(/[<>]?\d+%\s*$/, "");
  const begin = performance.now();
  const step = (now) => {
    const share = Math.min(1, (now - begin) / motion.duration);
    if (share >= 1 || !cell.isConnected) return cell.removeAttribute("data-moving");
    cell.dataset.moving = `${rest}${Math.round(from + (to - from) * (1 - (1 - share) ** 3))}%`;
    requestAnimationFrame(step);
  };
  step(begin);
}

function say(sentence) {
  let voice = document.getElementById("vpl-voice");
  if (!voice) {
    voice = Object.assign(document.createElement("div"), { id: "vpl-voice", className: "vpl-unseen" });
    voice.setAttribute("role", "status");
    document.body.append(voice);
  }
  if (voice.textContent !== sentence) voice.textContent = sentence;
}
