// Dresses the drawing canvas (streamlit-drawable-canvas, in its own shadow root): fits it to the column, lays arrow
// heads and known findings over it, and reports a stroke the moment the pointer is lifted.

const STYLE = `
  .dc-root { width: 100%; }
  .dc-scroll { overflow: hidden !important; border-radius: var(--st-base-radius, .4rem); background: #000; }
  .dc-container {
    width: min(100%, calc(var(--vpl-max-height) * var(--vpl-aspect))) !important;
    height: auto !important; aspect-ratio: var(--vpl-aspect); margin: 0 auto;
  }
  .dc-container canvas, .canvas-container { width: 100% !important; height: 100% !important; }
  .dc-canvas { outline: none; }
  .canvas-container:focus-within { outline: 2px solid var(--st-primary-color); outline-offset: -2px; }
  .vpl-layer { position: absolute; inset: 0; width: 100%; height: 100%; z-index: 15; pointer-events: none; }
  .dc-toolbar { opacity: 1 !important; top: .5rem !important; right: .5rem; padding: 0; transition: none !important; }
  .dc-toolbar-card { background: rgb(8 12 16 / .72); color: #dfe6ec; box-shadow: none; }
  .dc-toolbar-contextual button:not([aria-label="Delete selected"]), .dc-toolbar-separator,
  .dc-toolbar-card > button:not([aria-label="Edit"]) { display: none !important; }
  .dc-icon-button { gap: .35rem; font: 500 .8rem/1 "Source Sans", sans-serif; padding: .3rem .45rem; min-height: 1.75rem; }
  .dc-icon-button:focus-visible { outline: 2px solid #fff; }
  .dc-icon-button[aria-pressed=true] { background: rgb(255 255 255 / .22); }
`;
const LABELS = { "Edit": "Move", "Delete selected": "Delete" };
const SEND = '[aria-label="Update the app with this drawing"]';
const AS_MOUSE = { touchstart: "mousedown", touchmove: "mousemove", touchend: "mouseup", touchcancel: "mouseup" };
const SVG = "http://www.w3.org/2000/svg";

export default function ({ data }) {
  let frame;
  const started = performance.now();
  const dress = () => {
    const root = document.querySelector(`.st-key-${data.canvas} [data-testid="stBidiComponentIsolated"]`)?.shadowRoot;
    const container = root?.querySelector(".canvas-container")?.parentElement;
    if (!container) {
      if (performance.now() - started < 20000) frame = requestAnimationFrame(dress);
      return;
    }
    if (!root.vplDressed) once(root, container);
    root.vplMode = data.mode;
    container.style.setProperty("--vpl-aspect", data.width / data.height);
    root.querySelector(".upper-canvas").setAttribute("aria-label", data.label);
    draw(container.querySelector(".vpl-layer"), data);
  };
  dress();
  return () => cancelAnimationFrame(frame);
}

function once(root, container) {
  root.vplDressed = true;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  root.querySelector(".upper-canvas").setAttribute("role", "img");
  for (const [name, text] of Object.entries(LABELS)) {
    const button = root.querySelector(`[aria-label="${name}"]`);
    button.append(text);
    button.title = `${text} a shape`;
  }
  const layer = document.createElementNS(SVG, "svg");
  layer.setAttribute("class", "vpl-layer");
  layer.setAttribute("aria-hidden", "true");
  container.append(layer);

  drawWithFingers(container);

  // After a stroke the component waits 200 ms before it tells the app, and while polygons are drawn it says nothing of
  // moves and deletions; its hidden send button tells at once. A polygon reports itself when it is closed.
  const send = () => setTimeout(() => root.querySelector(SEND).click());
  const editing = () => root.querySelector('[aria-label="Edit"]').ariaPressed === "true";
  let pressed = false;
  const released = () => {
    if (!container.isConnected) window.removeEventListener("mouseup", released);
    else if (pressed && (root.vplMode !== "polygon" || editing())) send();
    pressed = false;
  };
  container.addEventListener("pointerdown", () => { pressed = true; }, true);
  window.addEventListener("mouseup", released);
  root.querySelector('[aria-label="Delete selected"]').addEventListener("click", send);
}

// The component's tools ask for the left mouse button, which a finger does not have: it is passed on as one.
function drawWithFingers(container) {
  const pass = (event) => {
    if (event.touches.length > 1) return;
    event.preventDefault();
    event.stopPropagation();
    const { clientX, clientY } = event.changedTouches[0];
    const buttons = event.touches.length;
    const mouse = { clientX, clientY, button: 0, buttons, bubbles: true, composed: true, cancelable: true, view: window };
    event.target.dispatchEvent(new MouseEvent(AS_MOUSE[event.type], mouse));
  };
  for (const name of Object.keys(AS_MOUSE)) container.addEventListener(name, pass, { capture: true, passive: false });
}

function draw(layer, { width, height, heads, findings, color }) {
  layer.setAttribute("viewBox", `0 0 ${width} ${height}`);
  layer.replaceChildren(
    ...heads.map((points) => element("polygon", { points, fill: color })),
    ...findings.flatMap(({ x, y, w, h, label }) => [
      element("rect", { x, y, width: w, height: h, rx: 4, fill: "none", stroke: "#fff", "stroke-width": 2, "stroke-dasharray": "9 7", opacity: .85 }),
      element("text", {
        x: x + 4, y: y > 34 ? y - 10 : y + h + 26, fill: "#fff", "font-size": 24, "font-family": "Source Sans, sans-serif",
        stroke: "#000", "stroke-width": 5, "paint-order": "stroke",
      }, label),
    ]),
  );
}

function element(name, attributes, text = "") {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.textContent = text;
  return node;
}
