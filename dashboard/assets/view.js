// The projector view: arrow keys turn to the next X-ray, Escape leaves the view unless something else is to be left, and
// "Start anew" loads the page as it is first shown.
// The stand view plays on the live demo until it is touched, and begins again once it has been left alone, on any page.
const ALONE_S = 60;
const TYPES = 'input, textarea, select, [contenteditable], [role="slider"], [role="combobox"], [role="radiogroup"], [role="tablist"], canvas';
const TURNS = { ArrowLeft: "previous", ArrowRight: "next" };

const OPEN = '[role="dialog"], [role="listbox"], [data-testid="stPopoverBody"], [data-testid="stTooltipContent"]';
const isTaken = (event) => event.target.closest?.(TYPES) || document.querySelector(OPEN);
const leave = () => document.querySelector(".st-key-vpl_view_leave button")?.click();

export default function ({ data, parentElement }) {
  parentElement.vplAway?.abort(); // of the run before
  const away = new AbortController();
  parentElement.vplAway = away;
  const on = (kind, what) => window.addEventListener(kind, what, { capture: true, signal: away.signal });
  const anew = () => window.location.assign(`${window.location.pathname}?view=${data.view}`);
  const wait = () => {
    clearTimeout(parentElement.vplAlone);
    if (data.view === "demo") parentElement.vplAlone = setTimeout(() => window.location.assign(`${data.stand}?view=demo`), ALONE_S * 1000);
  };
  on("keydown", (event) => {
    if (event.key === "Escape") return data.view === "projector" && !isTaken(event) ? leave() : undefined;
    const way = TURNS[event.key];
    if (!way || event.ctrlKey || event.altKey || event.metaKey || event.target.closest?.(TYPES)) return;
    const button = document.querySelector(`:is(.st-key-demo_${way}, .st-key-lesson_${way}) button:enabled`);
    if (!button) return;
    event.preventDefault();
    button.click();
  });
  on("click", (event) => {
    if (!event.target.closest?.(".st-key-vpl_view_reset button")) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    anew();
  });
  const touched = (event) => {
    if (event.isTrusted) wait();
  };
  if (!parentElement.vplAlone && window.location.pathname !== data.stand) wait(); // nothing plays here
  for (const kind of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"]) on(kind, touched);
  return () => {
    clearTimeout(parentElement.vplAlone);
    parentElement.vplAlone = undefined;
    away.abort();
  };
}
