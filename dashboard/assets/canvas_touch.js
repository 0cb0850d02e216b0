// Fingers on the film. The component's tools ask for the left mouse button, which a finger does not have: one finger is
// passed on as that. Two fingers do not draw (they zoom, see reading.js): what the first one began is taken back.

const AS_MOUSE = { touchstart: "mousedown", touchmove: "mousemove", touchend: "mouseup", touchcancel: "mouseup" };
const NEAR_PX = 22; // of the screen

class Fingers {
  tap = null; // a corner sets itself at once when it is pressed, so a finger's press waits until it is lifted

  constructor(drawing) {
    this.drawing = drawing;
    this.frame = drawing.container.closest(".dc-scroll"); // wider than a tall X-ray
  }

  touch(event) {
    const { container, early, data, hand } = this.drawing;
    const touches = [...event.touches].filter(({ target }) => this.frame.contains(target)); // not a thumb beside the film
    const several = touches.length > 1;
    if (!several && !container.contains(event.target)) return;
    const { clientX, clientY } = event.changedTouches[0];
    event.preventDefault();
    event.stopPropagation();
    if (several) early.forget();
    if (several || event.type === "touchcancel") {
      this.tap = null;
      if (!hand) return;
      hand.cancelled = true;
      this.pass("mouseup", clientX, clientY);
    } else if (data.mode === "polygon") this.follow(event.type, clientX, clientY);
    else this.pass(AS_MOUSE[event.type], clientX, clientY, touches.length);
  }

  follow(type, clientX, clientY) {
    const { tap } = this;
    if (type !== "touchend") return void (this.tap = type === "touchstart" || tap ? { clientX, clientY } : null);
    this.tap = null;
    if (!tap || (this.isNearFirst(tap) && this.drawing.closeContour())) return;
    for (const name of ["mousedown", "mouseup"]) this.pass(name, tap.clientX, tap.clientY);
  }

  isNearFirst({ clientX, clientY }) {
    const { upper, canvas } = this.drawing;
    const { left, top, width } = upper.getBoundingClientRect();
    const first = this.drawing.corners()[0]?.getCenterPoint(), pixel = canvas.width / width;
    return first && Math.hypot(clientX - left - first.x / pixel, clientY - top - first.y / pixel) < NEAR_PX;
  }

  pass(type, clientX, clientY, buttons = 0) {
    const mouse = { clientX, clientY, button: 0, buttons, bubbles: true, composed: true, cancelable: true, view: window };
    this.drawing.upper.dispatchEvent(new MouseEvent(type, mouse));
  }
}
