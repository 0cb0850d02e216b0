// Completes the drawing canvas (streamlit-drawable-canvas: a canvas of Fabric.js in a shadow root of its own): fits it
// to the column; makes boxes, ellipses and arrows follow the pointer exactly; gives shapes handles and keys; shows arrow
// heads and known findings over it; and tells the app what is drawn the moment the pointer is lifted.
//
// The app tells the canvas what to show, and every report says which of these drawings it began with (`revision`). A
// drawing that arrives while the pointer is down waits; strokes that the app had not heard of when it sent the drawing
// (`seen` is the last report that it knew) are put back. So no stroke is lost, whatever is undone meanwhile. A canvas
// that is mounted anew within the page, as when the view changes, begins with the app's drawing: what was drawn on it
// since is put back, too.

const STYLE = `
  .dc-root { width: 100%; }
  .dc-scroll { overflow: hidden !important; border-radius: var(--st-base-radius, .4rem); background: #000; }
  .dc-container {
    width: min(100%, calc(var(--vpl-max-height) * var(--vpl-aspect))) !important;
    height: auto !important; aspect-ratio: var(--vpl-aspect); margin: 0 auto;
  }
  .dc-container canvas, .canvas-container { width: 100% !important; height: 100% !important; }
  .dc-canvas { outline: none; }
  .dc-toolbar { display: none !important; }
  .canvas-container:has(:focus-visible) { outline: 2px solid var(--st-primary-color); outline-offset: -2px; }
  .vpl-layer { position: absolute; inset: 0; width: 100%; height: 100%; z-index: 15; pointer-events: none; }
`;
const DRAWN_AS = { line: "Line", rect: "Rect", circle: "Circle", point: "Circle", freedraw: "Path", polygon: "Polygon" };
const SHAPED = ["line", "rect", "circle"];
const HANDLE_PX = matchMedia("(pointer: coarse)").matches ? 20 : 11; // of the screen
const GRIP_PX = matchMedia("(pointer: coarse)").matches ? 16 : 7;
const NUDGES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STEPS = 100;
const TYPED_IN = "input:not([type=radio], [type=checkbox], [type=range], [type=file]), textarea, [contenteditable=true]";

const reported = (document.vplReported ??= new Map()); // for each canvas its last report

export default function ({ data, setStateValue }) {
  let frame;
  const started = performance.now();
  const dress = () => {
    const root = document.querySelector(`.st-key-${data.canvas} [data-testid="stBidiComponentIsolated"]`)?.shadowRoot;
    const upper = root?.querySelector(".upper-canvas");
    if (upper) {
      fit(root, upper.closest(".dc-container"), data);
      upper.vplDrawing ??= drawingOn(root, upper);
    }
    if (upper?.vplDrawing) upper.vplDrawing.update(data, setStateValue);
    else if (performance.now() - started < 20000) frame = requestAnimationFrame(dress);
  };
  dress();
  return () => cancelAnimationFrame(frame);
}

function fit(root, container, { width, height }) {
  container.style.setProperty("--vpl-aspect", width / height);
  if (root.vplFitted) return;
  root.vplFitted = true;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
}

function drawingOn(root, upper) {
  const canvas = fabricOf(upper);
  return canvas.vpl && new Drawing(root, upper, canvas); // not before it shows what the app told it
}

class Drawing {
  data = {};
  tell = () => {};
  hand = null; // what the pressed pointer is doing
  fresh = []; // strokes that the app may not have heard of
  selected = -1;
  number = 0; // of the last report: when it was made, in ms
  steps = []; // number, shapes and revision of the latest reports: the app may see only the last one
  sent = "";
  loads = 0; // drawings that are being loaded

  constructor(root, upper, canvas) {
    this.upper = upper;
    this.canvas = canvas;
    this.container = upper.closest(".dc-container");
    this.early = new EarlyStroke(upper);
    this.fingers = new Fingers(this);
    this.editButton = root.querySelector('[aria-label="Edit"]');
    this.layer = element("svg", { class: "vpl-layer", "aria-hidden": "true" });
    this.layer.append(element("g", {}), element("g", {}));
    this.container.append(this.layer);
    upper.setAttribute("role", "img");
    this.setUpCanvas();
    this.listen();
  }

  update(data, tell) {
    if (!this.data.canvas) this.putBack(reported.get(data.canvas));
    const entered = data.move && !this.data.move;
    const chosen = data.turn !== this.data.turn;
    this.data = data;
    this.tell = tell;
    this.upper.setAttribute("aria-label", data.label);
    this.canvas.defaultCursor = data.move ? "default" : "crosshair";
    this.followTool();
    if (chosen) this.selected = data.selected;
    const offered = entered && this.selected < 0 && this.shapes().length; // handles show what Move does
    if (offered) this.selected = offered - 1;
    if (chosen || entered) this.showSelection();
    if (offered) this.report();
    this.layer.setAttribute("viewBox", `0 0 ${data.width} ${data.height}`);
    this.layer.firstChild.replaceChildren(...data.findings.flatMap(findingParts));
    this.drawLive();
    this.early.arrived(data.tool);
  }

  // What was reported of this drawing before the canvas was mounted anew.
  putBack(report) {
    const { vpl } = this.canvas;
    if (report?.revision !== vpl.revision || report.number <= (vpl.seen ?? 0)) return;
    const { objects, number, steps, sent } = report;
    Object.assign(this, { number, steps, sent });
    this.canvas.loadFromJSON({ objects, vpl });
  }

  setUpCanvas() {
    const { canvas } = this;
    const point = canvas.getScenePoint.bind(canvas);
    canvas.getScenePoint = (event) => { // nothing is drawn beyond the film, for nothing there is kept
      const { x, y, constructor } = point(event);
      return new constructor(within(x, 0, canvas.width), within(y, 0, canvas.height));
    };
    const load = canvas.loadFromJSON.bind(canvas);
    let latest;
    canvas.loadFromJSON = async (json, ...others) => {
      latest = json;
      while (this.hand) await this.hand.released;
      if (latest !== json) return canvas;
      this.loads++; // until what is put back is there, too: none of it is a new stroke
      try {
        await load(json, ...others);
        // A session that begins anew, as after a restart of the server, knows of strokes by the link, not by a report.
        const loaded = canvas.getObjects();
        const isHere = (stroke) => loaded.some((shape) => liesAt(shape, stroke));
        this.fresh = this.fresh.filter(({ object, number }) => number > (json.vpl?.seen ?? 0) && !isHere(object));
        canvas.add(...this.fresh.map(({ object }) => object));
      } catch (error) {
        if (!canvas.disposed) throw error;
        return new Promise(() => {}); // another X-ray has come: nobody waits for this one
      } finally {
        this.loads--;
      }
      this.showSelection();
      this.early.arrived(this.data.tool);
      return canvas;
    };
    // One shape at a time, each side by itself unless Shift is held.
    Object.defineProperty(canvas, "selection", { get: () => false, set: () => {} });
    canvas.uniformScaling = false;
    canvas.getObjects().forEach(giveHandles);
    canvas.on("object:added", ({ target }) => {
      giveHandles(target);
      const wanted = DRAWN_AS[this.data.mode];
      const isNew = this.hand && !this.loads && !this.data.move && !target.excludeFromExport;
      if (isNew && target.constructor.type === wanted) this.hand.stroke = target;
      else if (isNew && this.data.mode !== "polygon") this.hand.wrong = target; // of the tool before
    });
    canvas.on("object:moving", ({ target }) => keepOnFilm(target, canvas));
    for (const name of ["selection:created", "selection:updated"]) canvas.on(name, () => this.sizeHandles());
    canvas.on("after:render", () => this.drawLive());
  }

  listen() {
    const gone = new AbortController();
    const on = (target, name, handle, options = {}) =>
      target.addEventListener(
        name,
        (event) => (this.container.isConnected ? handle(event) : gone.abort()),
        { signal: gone.signal, ...options },
      );
    for (const name of ["mousemove", "mouseup"]) on(window, name, (event) => this.early.follow(event), { capture: true });
    on(this.container, "mousedown", (event) => this.press(event), { capture: true });
    on(window, "mousemove", () => this.keepBrush(), { capture: true });
    on(window, "mouseup", () => this.keepBrush(), { capture: true });
    on(window, "mousemove", (event) => this.drag(event)); // after Fabric, which listens at the document
    on(window, "mouseup", () => this.release());
    on(window, "blur", () => this.release());
    on(window, "keydown", (event) => this.key(event));
    on(window, "keyup", (event) => NUDGES[event.key] && this.data.move && this.report());
    for (const name of Object.keys(AS_MOUSE)) {
      on(this.fingers.frame, name, (event) => this.fingers.touch(event), { capture: true, passive: false });
    }
    new MutationObserver(() => this.followTool()).observe(this.editButton, { attributeFilter: ["aria-pressed"] });
  }

  // The component leaves its edit mode by itself when its drawing mode changes.
  followTool() {
    if ((this.editButton.ariaPressed === "true") !== Boolean(this.data.move)) this.editButton.click();
    if (!this.data.move && this.canvas.getActiveObject()) this.canvas.discardActiveObject();
  }

  press(event) {
    if (event.button !== 0) return;
    const twice = this.data.mode === "polygon" && event.detail === 2;
    if (this.early.begin(event, this.data.tool, this.loads > 0) || (twice && this.closeContour())) return void event.stopImmediatePropagation();
    this.release();
    document.activeElement?.blur(); // or its keys would be typed into the field that was used last
    this.sizeHandles();
    const before = this.data.move ? this.shapes().map((shape) => [shape, placeOf(shape)]) : [];
    const { clientX, clientY } = event;
    const hand = { from: this.canvas.getScenePoint(event), stroke: null, clientX, clientY, before };
    hand.released = new Promise((resolve) => { hand.end = resolve; });
    this.hand = hand;
  }

  // As a click at the first corner does.
  closeContour() {
    const corners = this.corners();
    if (corners.length < 3) return false;
    const { x, y } = corners[0].getCenterPoint();
    const pixel = this.canvas.width / this.upper.getBoundingClientRect().width;
    for (const type of ["mousedown", "mouseup"]) repeat(this.upper, { type, x: x / pixel, y: y / pixel });
    return true;
  }

  drag(event) {
    const { hand, canvas, data } = this;
    if (!hand) return;
    hand.to = canvas.getScenePoint(event);
    Object.assign(hand, { clientX: event.clientX, clientY: event.clientY });
    if (hand.stroke && SHAPED.includes(data.mode)) {
      follow(hand.stroke, hand.from, hand.to, event.shiftKey, canvas);
      canvas.renderAll();
    } else if (data.mode === "freedraw") this.drawLive();
    tellDrag(this);
  }

  // As if the pointer had never been pressed.
  cancel() {
    this.hand.cancelled = true;
    const { left, top } = this.upper.getBoundingClientRect();
    repeat(this.upper, { type: "mouseup", x: this.hand.clientX - left, y: this.hand.clientY - top });
  }

  // A tool that is set up anew, as for another colour, would begin another line in the middle of one.
  keepBrush() {
    if (!this.hand || this.data.mode !== "freedraw") return;
    this.hand.brush ??= this.canvas.freeDrawingBrush;
    this.canvas.freeDrawingBrush = this.hand.brush;
  }

  release() {
    const { hand, canvas, data } = this;
    if (!hand) return;
    this.hand = null;
    const kept = hand.stroke && !hand.cancelled && !isClick(hand, data.mode);
    if (hand.stroke && !kept) canvas.remove(hand.stroke);
    if (hand.wrong) canvas.remove(hand.wrong);
    if (hand.cancelled) hand.before.forEach(([shape, place]) => shape.set(place).setCoords());
    if (kept) this.fresh.push({ object: hand.stroke, number: Infinity });
    if (data.move) this.selected = this.shapes().indexOf(canvas.getActiveObject());
    tellDrop((kept || data.move) && this.report());
    hand.end();
  }

  key(event) {
    if (event.key === "Escape" && this.hand) return this.cancel();
    const typing = event.composedPath()[0].matches?.(TYPED_IN);
    if (typing || event.altKey || document.querySelector('[role="dialog"]')) return;
    if (event.ctrlKey || event.metaKey) {
      const letter = event.key.toLowerCase();
      const name = letter === "y" || (letter === "z" && event.shiftKey) ? "redo" : letter === "z" ? "undo" : null;
      if (!name) return;
      event.preventDefault();
      document.querySelector(`.st-key-${this.data[name]} button:enabled`)?.click();
      return;
    }
    if (event.key === "Enter" && this.data.mode === "polygon" && !event.target.matches("button, a, summary")) this.closeContour();
    const shape = this.data.move && !this.hand ? this.canvas.getActiveObject() : null;
    if (!shape) return;
    if (event.key === "Delete" || event.key === "Backspace") {
      this.fresh = this.fresh.filter(({ object }) => object !== shape);
      this.canvas.discardActiveObject();
      this.canvas.remove(shape);
      this.selected = -1;
      this.report();
    } else if (NUDGES[event.key]) {
      const [x, y] = NUDGES[event.key].map((step) => step * this.data.scale * (event.shiftKey ? 10 : 1));
      shape.set({ left: shape.left + x, top: shape.top + y });
      keepOnFilm(shape, this.canvas);
      this.canvas.requestRenderAll();
    } else return;
    event.preventDefault();
  }

  corners() {
    return this.canvas.getObjects().filter((object) => object.excludeFromExport);
  }

  shapes() {
    return this.canvas.getObjects().filter((object) => !object.excludeFromExport);
  }

  showSelection() {
    const shape = this.data.move && this.shapes()[this.selected];
    if (shape) this.canvas.setActiveObject(shape);
    else this.canvas.discardActiveObject();
    this.sizeHandles();
    this.canvas.requestRenderAll();
  }

  // As large on any screen and at any zoom.
  sizeHandles() {
    const shape = this.canvas.getActiveObject();
    if (!shape) return;
    const pixel = this.canvas.width / this.upper.getBoundingClientRect().width;
    shape.set({ cornerSize: HANDLE_PX * pixel, borderScaleFactor: pixel });
    if (shape.constructor.type === "Line" || isDot(shape)) shape.padding = GRIP_PX * pixel;
    shape.setCoords();
  }

  // Whether there was something to tell.
  report() {
    const { objects } = this.canvas.toObject();
    const drawing = { objects, revision: this.canvas.vpl.revision, selected: this.selected };
    const text = JSON.stringify(drawing);
    if (text === this.sent) return false;
    this.sent = text;
    this.number = Math.max(Date.now(), this.number + 1);
    for (const stroke of this.fresh) stroke.number = Math.min(stroke.number, this.number);
    const before = this.steps.filter(([, , revision]) => revision === drawing.revision);
    this.steps = [...before, [this.number, objects.length, drawing.revision]].slice(-STEPS);
    const { number, steps, sent } = this;
    reported.set(this.data.canvas, { ...drawing, number, steps, sent });
    this.tell("drawing", { ...drawing, number, steps });
    return true;
  }

  // What Fabric does not draw, but `draw_marker` does: arrow heads, and the line that closes a contour.
  drawLive() {
    const { canvas, hand, data } = this;
    const parts = canvas.getObjects().flatMap((object) => {
      const { type } = object.constructor;
      if (type === "Line") return [head(...ends(object), object, data.head)];
      return type === "Path" && data.mode !== "polygon" ? [chord(...pathEnds(object), object)] : [];
    });
    const brush = hand && canvas.isDrawingMode && canvas.freeDrawingBrush;
    if (brush?._points?.length > 1) {
      parts.push(chord(brush._points[0], brush._points.at(-1), { stroke: brush.color, strokeWidth: brush.width }));
    }
    this.layer.lastChild.replaceChildren(...parts);
  }
}

// The component keeps its Fabric canvas to itself, but Fabric calls the listeners of its events with itself as `this`.
function fabricOf(upper) {
  const { call } = Function.prototype;
  let found;
  Function.prototype.call = function (self, ...values) {
    if (self?.upperCanvasEl === upper) found = self;
    return Reflect.apply(this, self, values);
  };
  try {
    upper.dispatchEvent(new MouseEvent("dblclick", { detail: 2 }));
  } finally {
    Function.prototype.call = call;
  }
  if (!found) throw new Error("Expected a canvas of Fabric.js in the drawing component, but it has none.");
  return found;
}
