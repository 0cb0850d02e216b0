// The view on the X-ray: zoom and pan, a transform of the picture with all that lies on it, inside its frame.
//
// The drawing tools ask where the canvas is on the screen, so what is drawn while zoomed lies where it was drawn.

const MOST = 8;

class View {
  zoom = 1;
  x = 0; // of the picture's left edge, in widths of the whole picture
  y = 0;

  constructor(container, frame, onMove) {
    Object.assign(this, { container, frame, onMove });
  }

  // The whole picture's size on the screen, and its corner while nothing is zoomed.
  whole() {
    const { left, top, width, height } = this.container.getBoundingClientRect();
    const whole = { width: width / this.zoom, height: height / this.zoom };
    return { ...whole, left: left - this.x * whole.width, top: top - this.y * whole.height };
  }

  // Where on the picture a pointer is, in fractions.
  place({ clientX, clientY }) {
    const { left, top, width, height } = this.container.getBoundingClientRect();
    return [within((clientX - left) / width, 0, 1), within((clientY - top) / height, 0, 1)];
  }

  // Zoom so that the place `at` of the picture comes under the pointer; without a pointer, about the middle.
  zoomTo(zoom, pointer, at) {
    const whole = this.whole(), frame = this.frame.getBoundingClientRect();
    const under = pointer ?? { clientX: frame.left + frame.width / 2, clientY: frame.top + frame.height / 2 };
    const [x, y] = at ?? this.place(under);
    this.zoom = zoom < 1.01 ? 1 : Math.min(zoom, MOST);
    this.moveTo((under.clientX - whole.left) / whole.width - x * this.zoom, (under.clientY - whole.top) / whole.height - y * this.zoom);
  }

  moveTo(x, y) {
    this.x = within(x, 1 - this.zoom, 0);
    this.y = within(y, 1 - this.zoom, 0);
    this.container.style.transform =
      this.zoom === 1 ? "" : `translate(${this.x * 100}%, ${this.y * 100}%) scale(${this.zoom})`;
    this.onMove();
  }

  fit() {
    this.zoom = 1;
    this.moveTo(0, 0);
  }
}
