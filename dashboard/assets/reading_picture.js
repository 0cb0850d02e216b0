// The picture that is read, in a window: what reading.js shows while and after a window is dragged, and its ruler.

const SVG = "http://www.w3.org/2000/svg";

class Picture {
  constructor(backdrop) {
    this.backdrop = backdrop;
    this.film = Object.assign(document.createElement("canvas"), { className: "vpl-film", hidden: true });
    this.channels = ["R", "G", "B"].map((channel) => element(`feFunc${channel}`, { type: "table" }));
    const filter = element("filter", {
      id: "vpl-window", "color-interpolation-filters": "sRGB", x: 0, y: 0, width: 1, height: 1,
    }, element("feComponentTransfer", {}, ...this.channels));
    backdrop.after(this.film, element("svg", { class: "vpl-defs", "aria-hidden": "true" }, filter));
  }

  // `reader` is the window that a person chose, [center, width]; null for the file's.
  show(data, reader, invert) {
    const levels = data.hasFilm && window.vplFilm?.canvas === data.canvas ? window.vplFilm : null;
    const shown = reader ?? (data.isLinear ? data.fileWindow : null);
    const film = levels && shown;
    this.film.hidden = !film;
    this.backdrop.style.filter = "";
    if (film) paint(this.film, levels, grey(shown, invert !== data.whiteIsZero));
    else if (reader || invert) {
      const level = grey(reader && !data.hasFilm ? reader : [128, 256], invert);
      const table = Array.from({ length: 256 }, (_, value) => level(value) / 255).join(" ");
      for (const channel of this.channels) channel.setAttribute("tableValues", table);
      this.backdrop.style.filter = "url(#vpl-window)";
    }
  }
}

// The grey of a value in a window: DICOM PS3.3 C.11.2.1.2.1, rounded half to even.
function grey([center, width], invert) {
  return (value) => {
    const share = width === 1 ? Number(value > center - 0.5) : within((value - center + 0.5) / (width - 1) + 0.5, 0, 1);
    const level = share * 255, down = Math.floor(level);
    const rounded = level - down === 0.5 ? down + (down % 2) : Math.round(level);
    return invert ? 255 - rounded : rounded;
  };
}

function paint(canvas, { width, height, steps, first, size }, greyOf) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const table = new Uint32Array(2 ** 16);
  for (let step = 0; step < table.length; step += 1) table[step] = 0xff000000 | (greyOf(first + size * step) * 0x010101);
  if (canvas.vplPixels?.width !== width || canvas.vplPixels.height !== height) canvas.vplPixels = new ImageData(width, height);
  const out = new Uint32Array(canvas.vplPixels.data.buffer);
  for (let at = 0; at < out.length; at += 1) out[at] = table[steps[at]];
  canvas.getContext("2d").putImageData(canvas.vplPixels, 0, 0);
}

function within(value, low, high) {
  return Math.min(high, Math.max(low, value));
}

function tidy(value) {
  return String(Math.round(value * 100) / 100);
}

function element(name, attributes, ...children) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

// The ruler's line and its length; `line` is two places in fractions of the picture, `across` its width on the screen.
function rulerParts(svg, line, { size: [width, height], ...data }, across) {
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  if (!line) return [];
  const pixel = width / across; // of the screen, in pixels of the image
  const [[x1, y1], [x2, y2]] = line.map(([x, y]) => [x * width, y * height]);
  const long = Math.hypot(x2 - x1, y2 - y1) || 1, tick = 6 * pixel;
  const [aside, down] = [-(y2 - y1) / long * tick, (x2 - x1) / long * tick];
  const parts = [[x1, y1, x2, y2], ...[[x1, y1], [x2, y2]].map(([x, y]) => [x - aside, y - down, x + aside, y + down])];
  const strokes = [["#000", 4], ["#7fe0d0", 1.6]].flatMap(([stroke, wide]) =>
    parts.map(([a, b, c, d]) => element("line", { x1: a, y1: b, x2: c, y2: d, stroke, "stroke-width": wide * pixel })));
  const right = x2 > 0.7 * width;
  const isAlong = right ? x1 < x2 : x1 > x2; // the letters stand beside the line, on the side that it does not come from
  const isBelow = isAlong ? y1 < y2 && y2 < 0.95 * height : y2 < 0.1 * height;
  const label = element("text", {
    x: x2 + (right ? -10 : 10) * pixel, y: y2 + (isBelow ? 20 : -8) * pixel, "text-anchor": right ? "end" : "start",
    fill: "#7fe0d0", stroke: "#000", "stroke-width": 3 * pixel, "paint-order": "stroke", "font-size": 15 * pixel,
    "font-family": '"Source Sans", sans-serif', "font-weight": 600,
  });
  label.textContent = lengthWords(line, { size: [width, height], ...data }, false);
  return [...strokes, label];
}

function lengthWords(line, { size, spacing }, withWhere) {
  const [across, down] = [0, 1].map((axis) => Math.abs(line[1][axis] - line[0][axis]) * size[axis]);
  if (!spacing) return `${Math.round(Math.hypot(across, down))} px${withWhere ? " (the size of a pixel is not known)" : ""}`;
  const long = Math.hypot(across * spacing.column, down * spacing.row);
  return `${long.toFixed(1)} mm${withWhere ? ` ${spacing.where}` : ""}`;
}
