// Reading the X-ray: zoom and pan, window and level, inversion, and a ruler.
//
// The wheel scrolls the page while the whole X-ray is shown, so that nobody who scrolls past it is caught. It zooms with
// Ctrl (which is also what a pinch on a touchpad sends), with the tool Pan, and wherever the X-ray is zoomed in already.
// A window changes the picture alone, not what is drawn on it: by a filter on the backdrop where that holds all grey
// levels (8 bits), else on a canvas of our own from the levels in full depth: see reading_picture.js, which stands before
// this file in the same module, as does reading_view.js.

const STYLE = `
  .dc-scroll { overflow: clip !important; touch-action: none; }
  .dc-root { position: relative; }
  .dc-container { transform-origin: 0 0; }
  .vpl-film { position: absolute; inset: 0; width: 100%; height: 100%; z-index: 5; pointer-events: none; }
  .vpl-ruler { position: absolute; inset: 0; width: 100%; height: 100%; z-index: 16; pointer-events: none; overflow: visible; }
  .vpl-defs { position: absolute; width: 0; height: 0; }
  .vpl-hud { position: absolute; left: .5rem; bottom: .5rem; z-index: 20; pointer-events: none; padding: .1rem .45rem;
    border-radius: .4rem; background: rgb(8 12 16 / .78); color: #dfe6ec; font: .8rem/1.4 "Source Sans", sans-serif;
    font-variant-numeric: tabular-nums; }
  .vpl-hud:empty { display: none; }
  .dc-scroll[data-mode=pan] canvas { cursor: grab !important; }
  .dc-scroll[data-mode=window] canvas { cursor: ns-resize !important; }
  .dc-scroll[data-mode=ruler] canvas { cursor: crosshair !important; }
  .dc-scroll[data-busy=pan] canvas { cursor: grabbing !important; }
`;
const STEP = 1.25, CLICK_PX = 3, DRAG_PX = 300;
const PAN_KEYS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const TYPED_IN = "input, textarea, select, button, a, [contenteditable=true], [role=slider]";

export default function ({ data, parentElement, setStateValue }) {
  let frame;
  const started = performance.now();
  const attach = () => {
    const root = document.querySelector(`.st-key-${data.canvas} [data-testid="stBidiComponentIsolated"]`)?.shadowRoot;
    const container = root?.querySelector(".upper-canvas")?.closest(".dc-container");
    if (container) {
      root.vplReader ??= new Reader(root, container);
      root.vplReader.update(data, parentElement, setStateValue);
    } else if (performance.now() - started < 20000) frame = requestAnimationFrame(attach);
  };
  attach();
  return () => cancelAnimationFrame(frame);
}

class Reader {
  mode = "draw";
  hand = null; // what the pressed pointer is doing
  pinch = null;
  space = false;
  over = false;
  byPointer = false; // whether what has the focus has got it by a click
  window = null; // [center, width]; null for the file's
  invert = false;
  reports = 0;
  line = null; // of the ruler, in fractions of the picture

  constructor(root, container) {
    Object.assign(this, { root, container, frame: container.closest(".dc-scroll") });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
    this.view = new View(container, this.frame, () => this.drawRuler());
    this.picture = new Picture(root.querySelector(".dc-background-canvas"));
    this.ruler = element("svg", { class: "vpl-ruler", "aria-hidden": "true" });
    this.hud = Object.assign(document.createElement("div"), { className: "vpl-hud" });
    container.append(this.ruler);
    root.querySelector(".dc-root").append(this.hud);
    this.listen();
  }

  update(data, row, tell) {
    this.data = data;
    this.tell = tell;
    if (this.row !== row) {
      this.row = row;
      this.status = row.querySelector(".vpl-reading-status");
    }
    row.vplReader = this;
    if (!row.vplBound) bindRow(row);
    if (!this.hand && data.reports >= this.reports) {
      Object.assign(this, { window: data.window, invert: data.invert, reports: data.reports });
    }
    this.show();
  }

  listen() {
    const gone = new AbortController();
    const on = (target, name, handle) =>
      target.addEventListener(name, (event) => (this.frame.isConnected ? handle(event) : gone.abort()), {
        signal: gone.signal, capture: true, passive: false,
      });
    on(this.frame, "pointerdown", (event) => this.press(event));
    on(this.frame, "pointermove", (event) => this.drag(event));
    for (const name of ["pointerup", "pointercancel"]) on(this.frame, name, (event) => this.release(event));
    for (const name of ["mousedown", "dblclick"]) on(this.frame, name, (event) => this.keepFromDrawing(event));
    for (const name of ["touchstart", "touchmove", "touchend", "touchcancel"]) on(this.frame, name, (event) => this.touch(event));
    on(this.frame, "wheel", (event) => this.wheel(event));
    on(this.frame, "contextmenu", (event) => event.preventDefault()); // the right button drags
    on(this.frame, "pointerenter", () => { this.over = true; });
    on(this.frame, "pointerleave", () => { this.over = false; });
    on(window, "pointerdown", () => { this.byPointer = true; });
    on(window, "keydown", (event) => this.key(event));
    on(window, "keyup", (event) => this.letGo(event));
    on(window, "blur", () => { this.space = false; });
    on(document, "click", (event) => { if (event.target.closest?.(".st-key-demo_tools")) this.setMode("draw"); });
    on(window, "vpl-film", () => this.show());
    new ResizeObserver(() => this.drawRuler()).observe(this.frame);
  }

  // What a press is for: null leaves it to the drawing tools.
  purpose({ button, pointerType }) {
    if (button === 1 || button === 2 || (button === 0 && this.space)) return "pan";
    if (button !== 0 || this.mode === "draw" || (pointerType === "touch" && this.pinch)) return null;
    return this.mode;
  }

  press(event) {
    const doing = this.hand ? null : this.purpose(event);
    if (!doing) return;
    event.preventDefault();
    event.stopPropagation();
    document.activeElement?.blur();
    this.frame.setPointerCapture(event.pointerId);
    this.frame.dataset.busy = doing;
    const from = this.view.place(event);
    this.hand = { doing, id: event.pointerId, clientX: event.clientX, clientY: event.clientY, x: this.view.x, y: this.view.y, from };
    this.hand.before = { window: this.window, line: this.line };
    if (doing === "window") this.hand.window = this.shownWindow();
    if (doing === "ruler") this.line = null;
  }

  drag(event) {
    const { hand } = this;
    if (!hand || hand.id !== event.pointerId) return;
    event.stopPropagation();
    const across = event.clientX - hand.clientX, down = event.clientY - hand.clientY;
    if (Math.hypot(across, down) > CLICK_PX) hand.moved = true;
    if (!hand.moved) return;
    if (hand.doing === "pan") {
      const { width, height } = this.view.whole();
      this.view.moveTo(hand.x + across / width, hand.y + down / height);
    } else if (hand.doing === "ruler") {
      this.line = [hand.from, this.view.place(event)];
      this.drawRuler();
    } else {
      const [low, high] = this.data.range, span = Math.max(1, high - low);
      const [center, width] = hand.window;
      const pace = Math.min(span, Math.max(width, span / 32)) / DRAG_PX;
      this.window = [
        Math.round(within(center + down * pace, low - span / 2, high + span / 2)),
        Math.round(within(width + across * pace, 1, 4 * span)),
      ];
      this.show();
    }
  }

  release(event) {
    const { hand } = this;
    if (!hand || hand.id !== event.pointerId) return;
    event.stopPropagation();
    this.hand = null;
    delete this.frame.dataset.busy;
    if (hand.doing === "window" && hand.moved) this.report();
    if (hand.doing === "ruler") this.drawRuler();
    this.say();
  }

  // The presses that were ours come again as the mouse's.
  keepFromDrawing(event) {
    if (event.type === "dblclick" && this.mode === "pan") this.view.fit();
    if (!this.hand && this.mode === "draw" && event.button === 0 && !this.space) return;
    event.preventDefault();
    event.stopPropagation();
  }

  // Two fingers zoom and move, whatever the tool; the drawing tools hear of the second one, so that no stroke is left.
  touch(event) {
    const fingers = [...event.touches].filter(({ target }) => this.frame.contains(target)); // not a thumb beside the film
    if (fingers.length < 2) {
      if (this.pinch || this.mode !== "draw") {
        event.preventDefault();
        event.stopPropagation();
      }
      if (!fingers.length) this.pinch = null;
      return;
    }
    event.preventDefault();
    if (event.type !== "touchstart") event.stopPropagation();
    const [one, other] = fingers;
    const middle = { clientX: (one.clientX + other.clientX) / 2, clientY: (one.clientY + other.clientY) / 2 };
    const apart = Math.max(1, Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY));
    if (!this.pinch || event.type !== "touchmove") {
      this.takeBack();
      this.pinch = { at: this.view.place(middle), apart, zoom: this.view.zoom };
    } else this.view.zoomTo(this.pinch.zoom * apart / this.pinch.apart, middle, this.pinch.at);
  }

  // What the first of two fingers began.
  takeBack() {
    if (this.hand) Object.assign(this, this.hand.before);
    this.hand = null;
    delete this.frame.dataset.busy;
    this.show();
  }

  wheel(event) {
    const down = event.deltaY * (event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1);
    const wanted = event.ctrlKey || event.metaKey || this.view.zoom > 1 || (this.mode === "pan" && down < 0);
    if (!wanted && !(event.timeStamp < this.settledAt)) return;
    event.preventDefault();
    event.stopPropagation();
    if (this.view.zoom > 1) this.settledAt = event.timeStamp + 400; // the page does not jump when the last turn reaches the whole
    this.view.zoomTo(this.view.zoom * Math.exp(-within(down, -120, 120) * (event.ctrlKey ? 0.008 : 0.002)), event);
  }

  key(event) {
    if (event.key === "Tab") this.byPointer = false;
    const focused = event.composedPath()[0];
    const inRow = this.row?.contains(focused);
    if (event.key === "Escape" && this.mode !== "draw") return this.setMode("draw");
    if ((!this.over && !inRow) || event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = focused.matches?.(TYPED_IN);
    const clicked = this.byPointer && focused.matches?.("button, [type=radio]");
    if (event.key === " " && (!typing || clicked)) this.space = true;
    else if (typing && !inRow) return;
    else if (event.key === "+" || event.key === "=") this.view.zoomTo(this.view.zoom * STEP);
    else if (event.key === "-") this.view.zoomTo(this.view.zoom / STEP);
    else if (event.key === "0") this.view.fit();
    else if (inRow && PAN_KEYS[event.key]) this.view.moveTo(this.view.x + PAN_KEYS[event.key][0] / 10, this.view.y + PAN_KEYS[event.key][1] / 10);
    else return;
    event.preventDefault();
  }

  letGo(event) {
    if (event.key !== " " || !this.space) return;
    this.space = false;
    event.preventDefault(); // or the button that was clicked last would be pressed again
  }

  act(name) {
    if (name === "invert") {
      this.invert = !this.invert;
      this.show();
      this.report();
    } else if (name === "fit") this.view.fit();
    else this.view.zoomTo(name === "in" ? this.view.zoom * STEP : this.view.zoom / STEP);
    this.say();
  }

  setMode(mode) {
    this.mode = mode;
    this.frame.dataset.mode = mode;
    this.show();
  }

  shownWindow() {
    return this.window ?? this.data.fileWindow;
  }

  report() {
    this.reports = Math.max(Date.now(), this.reports + 1);
    this.tell("window", { count: this.reports, window: this.window, invert: this.invert });
  }

  show() {
    this.picture.show(this.data, this.window, this.invert);
    this.drawRuler();
    for (const button of this.row.querySelectorAll("[data-mode]")) button.ariaPressed = String(button.dataset.mode === this.mode);
    this.row.querySelector("[data-act=invert]").ariaPressed = String(this.invert);
  }

  drawRuler() {
    const across = this.container.getBoundingClientRect().width;
    if (this.data) this.ruler.replaceChildren(...rulerParts(this.ruler, this.line, this.data, across));
    this.tellHud();
  }

  words() {
    const [center, width] = this.shownWindow();
    const isShown = this.window || this.hand?.doing === "window";
    return [
      isShown && `centre ${tidy(center)}, width ${tidy(width)}`,
      this.invert && "inverted",
      this.line && lengthWords(this.line, this.data, true),
      this.view.zoom > 1 && `${this.view.zoom.toFixed(1)} ×`,
    ].filter(Boolean).join(" · ");
  }

  tellHud() {
    if (this.data) this.hud.textContent = this.words();
  }

  say() {
    this.status.textContent = this.words();
  }
}

function bindRow(row) {
  row.vplBound = true;
  row.addEventListener("click", (event) => {
    const button = event.target.closest("button"), reader = row.vplReader;
    if (!button || !reader.frame.isConnected) return;
    if (button.dataset.act) return reader.act(button.dataset.act);
    const leaves = reader.mode === button.dataset.mode;
    if (leaves && reader.mode === "ruler") reader.line = null;
    reader.setMode(leaves ? "draw" : button.dataset.mode);
  });
}
