// An answer to the X-ray before is never taken for one to the film beside it: from the click that turns to another X-ray
// on, the answer's column is busy and dimmed, until the answer to the film that is shown has come.
const TURNS = '.st-key-demo_next_hint button, [class*="st-key-demo_pick_"] button';
const COUNTED_TURNS = ["demo_next", "demo_previous"];
const FILM = '.st-key-demo_canvas [class*="st-key-canvas-"]:not([class*="-overlay"])';
const LOOK_MS = 300;
const IDLE_LOOKS = 4; // a click that leads to the same X-ray, or to no answer

function watchStaleness(column) {
  let left = null; // the film that was shown at the click
  let looks = 0;
  const film = () => /st-key-(canvas-[\w-]+)/.exec(document.querySelector(FILM)?.className ?? "")?.[1];
  const answered = () => column.querySelector(".vpl-answer[data-film]")?.dataset.film;
  const look = () => {
    const [shown, known] = [film(), answered()];
    if (known && known === shown && known !== left) left = null;
    column.ariaBusy = known && (left !== null || (shown && known !== shown)) ? "true" : null;
  };
  const turn = () => {
    [left, looks] = [film() ?? "", 0];
    look();
  };
  document.addEventListener("vpl-counted", ({ detail }) => { if (COUNTED_TURNS.includes(detail.button)) turn(); });
  document.addEventListener("click", (event) => { if (event.target.closest?.(TURNS)) turn(); }, true);
  const page = document.querySelector(".st-key-demo") ?? column;
  new MutationObserver(look).observe(page, { childList: true, subtree: true, attributeFilter: ["class", "data-film"] });
  setInterval(() => {
    if (left === null || !column.isConnected) return;
    const idle = document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState !== "running";
    looks = idle ? looks + 1 : 0;
    if (looks >= IDLE_LOOKS) left = null;
    look();
  }, LOOK_MS);
}
