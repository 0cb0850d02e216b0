// Shapes of Fabric.js on the drawing canvas: how they follow the pointer, their handles, and what is laid over them.

const LEAST_PX = 10; // of the canvas; a shorter drag is a click
const LEAST_SIDE_PX = 2; // a box needs an area
const HANDLES = {
  lockRotation: true, strokeUniform: true, transparentCorners: false, cornerStyle: "circle", cornerColor: "#fff",
  cornerStrokeColor: "#0b0f14", borderColor: "#fff",
};
const PLACE = "x1 y1 x2 y2 width height scaleX scaleY flipX flipY angle left top".split(" ");
const SVG = "http://www.w3.org/2000/svg";

// The shape whose box is the rectangle of the drag; with Shift, as wide as high.
function follow(shape, from, to, even, { width, height }) {
  const { type } = shape.constructor;
  if (type === "Line") return void shape.set({ x1: from.x, y1: from.y, x2: to.x, y2: to.y }).setCoords();
  let [dx, dy] = [to.x - from.x, to.y - from.y];
  if (even) {
    const room = Math.min(dx < 0 ? from.x : width - from.x, dy < 0 ? from.y : height - from.y);
    const side = Math.min(Math.max(Math.abs(dx), Math.abs(dy)), room);
    [dx, dy] = [dx < 0 ? -side : side, dy < 0 ? -side : side];
  }
  const [wide, high] = [Math.abs(dx), Math.abs(dy)];
  const radius = Math.max(wide, high, 1) / 2;
  shape.set({ originX: "center", originY: "center", left: from.x + dx / 2, top: from.y + dy / 2, angle: 0 });
  if (type === "Rect") shape.set({ width: wide, height: high });
  else shape.set({ radius, scaleX: wide / 2 / radius, scaleY: high / 2 / radius });
  shape.setCoords();
}

function isClick({ from, to, stroke }, mode) {
  if (mode === "point" || mode === "polygon") return false;
  if (mode === "freedraw") return Math.max(stroke.width, stroke.height) < LEAST_PX;
  const sides = to ? [Math.abs(to.x - from.x), Math.abs(to.y - from.y)] : [0, 0];
  return Math.max(...sides) < LEAST_PX || (mode !== "line" && Math.min(...sides) < LEAST_SIDE_PX);
}

function giveHandles(object) {
  if (object.excludeFromExport) return; // the corners of a polygon that is being drawn
  object.set(HANDLES);
  object.setControlVisible("mtr", false);
  if (isDot(object)) object.set({ hasControls: false });
  if (object.constructor.type !== "Line") return;
  const Handle = Object.values(object.controls)[0].constructor;
  object.hasBorders = false;
  object.controls = Object.fromEntries(["tail", "tip"].map((name, index) => [name, new Handle({
    cursorStyle: "crosshair",
    positionHandler: (size, matrix, line) => ends(line)[index],
    actionHandler: (event, { target }, x, y) => {
      const [tail, tip] = ends(target).map((end, place) => (place === index ? { x, y } : end));
      target.set({ scaleX: 1, scaleY: 1, flipX: false, flipY: false, angle: 0 });
      target.set({ x1: tail.x, y1: tail.y, x2: tip.x, y2: tip.y });
      return true;
    },
  })]));
}

function isDot(object) {
  return object.constructor.type === "Circle" && object.strokeWidth === 0;
}

// All that moving and its handles change; a line's ends first, for they set the rest.
function placeOf(object) {
  return Object.fromEntries(PLACE.filter((name) => name in object).map((name) => [name, object[name]]));
}

// Whether both have the same bounds, to what a link rounds away.
function liesAt(object, other) {
  const [bounds, others] = [object.getBoundingRect(), other.getBoundingRect()];
  return ["left", "top", "width", "height"].every((side) => Math.abs(bounds[side] - others[side]) < 1);
}

// A shape stays as it is when it is moved: what lies beyond the film would be cut off.
function keepOnFilm(object, { width, height }) {
  const [x, y] = isDot(object) ? [0, 0] : [object.width * object.scaleX / 2, object.height * object.scaleY / 2];
  const center = object.getCenterPoint();
  if (2 * x <= width) center.x = within(center.x, x, width - x);
  if (2 * y <= height) center.y = within(center.y, y, height - y);
  object.setPositionByOrigin(center, "center", "center");
  object.setCoords();
}

function within(value, least, most) {
  return Math.min(Math.max(value, least), most);
}

function onCanvas(object, x, y) {
  const [a, b, c, d, e, f] = object.calcTransformMatrix();
  const { constructor } = object.getCenterPoint();
  return new constructor(a * x + c * y + e, b * x + d * y + f);
}

function ends(line) {
  const { x1, y1, x2, y2 } = line.calcLinePoints();
  return [onCanvas(line, x1, y1), onCanvas(line, x2, y2)];
}

function pathEnds(object) {
  return [object.path[0], object.path.at(-1)].map((command) => {
    const [x, y] = command.slice(-2);
    return onCanvas(object, x - object.pathOffset.x, y - object.pathOffset.y);
  });
}

// As `vpe_core.markers.arrow` draws it.
function head(tail, tip, { stroke, strokeWidth }, length) {
  const long = Math.hypot(tip.x - tail.x, tip.y - tail.y) || 1;
  const [x, y] = [(tip.x - tail.x) / long, (tip.y - tail.y) / long];
  const size = Math.min(Math.max(length, 3 * strokeWidth), long);
  const [baseX, baseY, half] = [tip.x - size * x, tip.y - size * y, size / 2];
  const corners = [[tip.x, tip.y], [baseX - half * y, baseY + half * x], [baseX + half * y, baseY - half * x]];
  return element("polygon", { points: corners.map((corner) => corner.join()).join(" "), fill: stroke });
}

function chord(from, to, { stroke, strokeWidth }) {
  return element("line", { x1: from.x, y1: from.y, x2: to.x, y2: to.y, stroke, "stroke-width": strokeWidth });
}

function findingParts({ x, y, w, h, label }) {
  const dashes = { fill: "none", stroke: "#fff", "stroke-width": 2, "stroke-dasharray": "9 7", opacity: .85 };
  const letters = { fill: "#fff", stroke: "#000", "stroke-width": 5, "paint-order": "stroke", "font-size": 24 };
  const place = { x: x + 4, y: y > 34 ? y - 10 : y + h + 26, "font-family": "Source Sans, sans-serif" };
  return [element("rect", { x, y, width: w, height: h, rx: 4, ...dashes }), element("text", { ...place, ...letters }, label)];
}

function element(name, attributes, text = "") {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.textContent = text;
  return node;
}
