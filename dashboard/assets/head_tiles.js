// All heads of all layers in one picture, a button each: a click, or Enter on the one that arrow keys lead to, enlarges it.
// The frame goes there at once; the app's answer moves it only if nothing was chosen since.
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export default function ({ data, parentElement, setStateValue }) {
  const box = parentElement.querySelector(".vpl-lab-chooser");
  if (box.vplHtml !== data.html) {
    const focused = position(box.querySelector("button:focus"));
    box.innerHTML = box.vplHtml = data.html;
    if (focused) button(box, focused)?.focus();
  }
  box.vplCount = Math.max(box.vplCount ?? 0, data.taken);
  if (data.taken === box.vplCount) mark(box, data.chosen);
  box.onclick = (event) => {
    const chosen = position(event.target.closest("button"));
    if (!chosen) return;
    box.vplCount += 1;
    mark(box, chosen);
    setStateValue("chosen", { place: chosen, number: box.vplCount });
  };
  box.onkeydown = (event) => {
    const from = position(event.target.closest("button")), step = STEPS[event.key];
    if (!from || !step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const to = button(box, [from[0] + step[0], from[1] + step[1]]);
    if (to) reach(box, to).focus();
  };
}

function position(tile) {
  return tile ? [Number(tile.dataset.layer), Number(tile.dataset.head)] : null;
}

function button(box, [layer, head]) {
  return box.querySelector(`button[data-layer="${layer}"][data-head="${head}"]`);
}

// The one button that the tab key leads to.
function reach(box, tile) {
  box.querySelectorAll("button[tabindex='0']").forEach((other) => other.setAttribute("tabindex", "-1"));
  tile.setAttribute("tabindex", "0");
  return tile;
}

// Head 0 is the mean of a layer's heads: its frame is the whole column.
function mark(box, [layer, head]) {
  const tile = button(box, [layer, head]);
  if (!tile) return;
  box.querySelectorAll("button").forEach((one) => one.setAttribute("aria-pressed", one === tile));
  if (!box.contains(document.activeElement)) reach(box, tile);
  const group = box.querySelector(".vpl-lab-heads");
  const [layers, heads] = ["--vpl-layers", "--vpl-heads"].map((name) => Number(group.style.getPropertyValue(name)));
  const frame = box.querySelector(".vpl-lab-sprite i");
  const percent = (value) => `${(100 * value).toFixed(3)}%`;
  frame.style.left = percent(layer / layers);
  frame.style.width = percent(1 / layers);
  frame.style.top = percent(head ? (head - 1) / heads : 0);
  frame.style.height = percent(head ? 1 / heads : 1);
}
