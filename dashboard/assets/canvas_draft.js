// While a shape is dragged, the canvas says so to whoever listens at the document, by two events: "vpl-drag" at each
// movement, whose `detail.draft()` is the drawing as it would be reported if the pointer were lifted now, or null if
// that is nothing new; and "vpl-drop" at the end, with `detail.told`: whether a report follows. A draft says on which
// canvas and after which report it was begun, so that the app can tell one that comes late, or of another X-ray.

function tellDrag(drawing) {
  const { hand, data } = drawing;
  if (data.mode === "polygon" && !data.move) return; // drawn by clicks
  const draft = () => drawing.hand === hand && !hand.cancelled ? draftOf(drawing) : null;
  document.dispatchEvent(new CustomEvent("vpl-drag", { detail: { draft } }));
}

function tellDrop(told) {
  document.dispatchEvent(new CustomEvent("vpl-drop", { detail: { told: Boolean(told) } }));
}

function draftOf({ canvas, hand, data, number }) {
  const line = !data.move && data.mode === "freedraw" && freehand(canvas);
  if (data.move ? !hasMoved(hand) : !line && !(hand.stroke && !isClick(hand, data.mode))) return null;
  const { objects } = canvas.toObject();
  if (line) objects.push(line.toObject());
  return { objects, canvas: data.canvas, revision: canvas.vpl.revision, after: number };
}

// The line under the pointer as the brush would leave it; null while it is as short as a click.
function freehand(canvas) {
  const brush = canvas.freeDrawingBrush;
  if (!(brush?._points?.length > 2)) return null;
  const line = brush.createPath(brush.convertPointsToSVGPath(brush._points));
  return Math.max(line.width, line.height) < LEAST_PX ? null : line;
}

function hasMoved(hand) {
  return hand.before.some(([object, place]) => Object.entries(place).some(([name, value]) => object[name] !== value));
}
