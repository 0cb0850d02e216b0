// Tells the place and the value of an attention map under the pointer, or under a reading point that arrow keys move.
// What is under it comes with the picture: a grid of bytes, 255 for the map's strongest value.
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export default function () {
  if (window.vplMapReadout) return;
  window.vplMapReadout = true;
  document.addEventListener("pointermove", (event) => {
    const map = mapOf(event);
    if (!map) return;
    const frame = map.getBoundingClientRect();
    const inside = (value, from, length) => Math.min(Math.max((value - from) / length, 0), 0.9999);
    read(map, inside(event.clientX, frame.left, frame.width), inside(event.clientY, frame.top, frame.height), "off");
  });
  document.addEventListener("pointerout", (event) => {
    const map = mapOf(event);
    if (map && !map.contains(event.relatedTarget)) hide(map);
  });
  document.addEventListener("keydown", (event) => {
    const map = mapOf(event);
    const step = STEPS[event.key];
    if (!map || !step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const { columns, rows } = map.dataset;
    const [x, y] = map.vplPoint ?? [0.5, 0.5];
    const moved = (value, by, cells) => Math.min(Math.max((Math.floor(value * cells) + by + 0.5) / cells, 0), 0.9999);
    read(map, moved(x, step[0], +columns), moved(y, step[1], +rows), "polite");
  });
  document.addEventListener("focusout", (event) => {
    const map = mapOf(event);
    if (map) hide(map);
  });
}

function mapOf(event) {
  return event.target.closest?.(".vpl-map") ?? null;
}

function read(map, x, y, live) {
  const { values, columns, rows, width, height } = map.dataset;
  map.vplValues ??= Uint8Array.from(atob(values), (sign) => sign.charCodeAt(0));
  map.vplPoint = [x, y];
  const value = map.vplValues[Math.floor(y * rows) * columns + Math.floor(x * columns)];
  const readout = map.querySelector(".vpl-readout");
  readout.setAttribute("aria-live", live);
  readout.textContent = `x ${Math.floor(x * width)}, y ${Math.floor(y * height)}: ${Math.round(value / 2.55)}% of the strongest`;
  const point = map.querySelector(".vpl-point");
  point.style.left = `${100 * x}%`;
  point.style.top = `${100 * y}%`;
  map.classList.add("vpl-reading");
  map.classList.toggle("vpl-by-keys", live !== "off");
}

function hide(map) {
  map.classList.remove("vpl-reading", "vpl-by-keys");
}
