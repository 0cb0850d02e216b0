// Copies the link within the click itself, for which alone some browsers allow it, and says so in the popover that opens.
// That shows the link as it is when all that came before the click is answered, as a stroke; if it is another one by
// then, it is copied in place of the first.

const LONGEST_MS = 20000;
const SUCCESS = "Copied.", FAILURE = "It could not be copied. Select the address:";

export default function ({ data }) {
  const copy = async (event) => {
    if (!event.target.closest?.(`.st-key-${data.button} button`)) return;
    let done = await copied(data.link);
    const line = await lineInPopover();
    if (!line) return;
    if (line.dataset.link !== data.link) done = await copied(line.dataset.link);
    line.textContent = done ? SUCCESS : FAILURE;
  };
  window.addEventListener("click", copy, true);
  return () => window.removeEventListener("click", copy, true);
}

async function copied(text) {
  if (navigator.clipboard) { // absent where the app is not served over https
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Not allowed, as in a frame: the older way may be.
    }
  }
  const field = document.createElement("textarea");
  field.value = text;
  field.setAttribute("readonly", "");
  field.style.position = "fixed";
  field.style.opacity = "0";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}

async function lineInPopover() {
  const started = performance.now();
  let line;
  while (!line && performance.now() - started < LONGEST_MS) {
    await new Promise(requestAnimationFrame);
    line = document.querySelector(".vpl-copied");
  }
  return line;
}
