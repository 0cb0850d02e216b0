// A case that was opened in the live demo is in view again when the person comes back to the list that it stands in.
const KEPT = "vpl-place";
const CASE = '[class*="st-key-bench_case_"]';

export default function ({ parentElement }) {
  if (!window.vplPlace) {
    window.vplPlace = true;
    window.addEventListener("click", (event) => {
      const opened = event.target.closest?.(`${CASE} a`)?.closest(CASE);
      if (!opened) return;
      const name = [...opened.classList].find((one) => one.startsWith("st-key-bench_case_"));
      sessionStorage.setItem(KEPT, JSON.stringify({ name, path: window.location.pathname }));
    }, true);
  }
  if (parentElement.vplSought) return; // only when the list has come anew
  parentElement.vplSought = true;
  const { name, path } = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
  if (path !== window.location.pathname) return;
  sessionStorage.removeItem(KEPT);
  const events = ["wheel", "touchstart", "keydown", "pointerdown"];
  const watch = new MutationObserver(() => seek());
  const stop = () => {
    watch.disconnect();
    for (const one of events) window.removeEventListener(one, stop, true);
  };
  for (const one of events) window.addEventListener(one, stop, true); // whoever scrolls knows better
  // What is above still grows as it is drawn, so the case is sought again until nothing has moved for a while.
  let last = 0;
  const seek = () => {
    const found = document.querySelector(`.${CSS.escape(name)}`);
    if (found) found.scrollIntoView({ block: "center" });
    clearTimeout(last);
    if (found) last = setTimeout(stop, 3000);
  };
  setTimeout(stop, 30000); // whatever still moves then is none of this
  watch.observe(document.body, { childList: true, subtree: true });
  seek();
}
