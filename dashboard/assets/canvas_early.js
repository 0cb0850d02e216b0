// A tool's button is pressed before the app has told the canvas of it. A stroke that begins in between waits for the
// tool and is then drawn with it: what is drawn is always what the pressed button says. So does one that begins while the
// canvas loads a drawing, which would wipe it away.

const PRESSED_TOOL = '[class*="st-key-demo_tool-"] [role="radio"][aria-checked="true"]';

class EarlyStroke {
  events = null;

  constructor(upper) {
    this.upper = upper;
  }

  // Whether the stroke has to wait.
  begin(event, tool, loading) {
    this.events = isPressed(tool) && !loading ? null : [placed(this.upper, event)];
    return this.events !== null;
  }

  follow(event) {
    if (this.events && this.events.at(-1).type !== "mouseup") this.events.push(placed(this.upper, event));
  }

  // The drawing component takes its tool from the same run of the app, a moment before or after.
  arrived(tool) {
    if (this.events && isPressed(tool)) requestAnimationFrame(() => requestAnimationFrame(() => this.draw()));
  }

  forget() {
    this.events = null;
  }

  draw() {
    const events = this.events ?? [];
    this.forget();
    for (const event of events) repeat(this.upper, event);
  }
}

function isPressed(tool) {
  const pressed = document.querySelector(PRESSED_TOOL)?.textContent.trim();
  return !pressed || pressed === tool;
}

// Where on the film: that may have moved on the page when the event is repeated.
function placed(upper, { type, clientX, clientY, shiftKey }) {
  const { left, top } = upper.getBoundingClientRect();
  return { type, shiftKey, x: clientX - left, y: clientY - top };
}

function repeat(upper, { type, x, y, shiftKey = false }) {
  const { left, top } = upper.getBoundingClientRect();
  const place = { clientX: left + x, clientY: top + y, button: 0, buttons: type === "mouseup" ? 0 : 1, shiftKey };
  upper.dispatchEvent(new MouseEvent(type, { ...place, bubbles: true, composed: true, cancelable: true, view: window }));
}
