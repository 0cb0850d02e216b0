// While a class is pointed at in the answer (the event "vpl-class"), shows its evidence in place of the maps. The app is
// asked for the maps of all classes when a class is first pointed at, and again only after the question has changed.
let latest = null;
let pointedAt = "";

export default function ({ data, setStateValue }) {
  latest = { data, ask: () => setStateValue("wanted", data.question) };
  show();
  if (!window.vplClassEvidence) {
    window.vplClassEvidence = true;
    document.addEventListener("vpl-class", (event) => {
      pointedAt = event.detail.name;
      if (pointedAt && latest && !latest.data.maps && !latest.asked) {
        latest.asked = true;
        latest.ask();
      }
      show();
    });
  }
  return () => {
    latest = null;
    show();
  };
}

function show() {
  document.querySelectorAll(".vpl-evidence").forEach((layer) => layer.remove());
  const maps = latest?.data.maps;
  if (!pointedAt || !maps) return;
  const frames = document.querySelectorAll(".vpl-pair .vpl-map");
  maps.forEach((map, number) => {
    if (frames[number] && map.levels[pointedAt]) frames[number].append(layer(map));
  });
}

function layer(map) {
  const box = document.createElement("div");
  box.className = "vpl-evidence";
  box.setAttribute("aria-hidden", "true");
  const base = document.createElement("img");
  base.alt = "";
  base.decoding = "sync";
  base.src = `data:image/jpeg;base64,${map.base}`;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [map.columns, map.rows];
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(map.columns, map.rows);
  const colors = bytes(latest.data.colors);
  bytes(map.levels[pointedAt]).forEach((level, cell) => {
    for (let channel = 0; channel < 3; channel += 1) pixels.data[4 * cell + channel] = colors[3 * level + channel];
    pixels.data[4 * cell + 3] = latest.data.opacity * level;
  });
  context.putImageData(pixels, 0, 0);
  const words = document.createElement("span");
  words.textContent = `Evidence for ${pointedAt}`;
  box.append(base, canvas, words);
  return box;
}

function bytes(text) {
  return Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
}
