// Copies the link within the click itself, for which alone a browser allows it, and says so in the popover that opens.

export default function ({ data }) {
  const copy = async (event) => {
    if (!event.target.closest?.(`.st-key-${data.button} button`)) return;
    say(await copied(data.link));
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

function say(done) {
  const started = performance.now();
  const look = () => {
    const line = document.querySelector(".vpl-copied");
    if (line) line.textContent = done ? "Copied." : "It could not be copied. Select the address:";
    else if (performance.now() - started < 3000) requestAnimationFrame(look);
  };
  look();
}
