// The grey levels of an X-ray in full depth (dashboard/demo/browser_film.py), unpacked for reading.js.

export default function ({ data }) {
  if (!data?.length || window.vplFilm?.packed === data) return;
  unpack(data).then((film) => {
    window.vplFilm = film;
    window.dispatchEvent(new Event("vpl-film"));
  });
}

async function unpack(packed) {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const headerEnd = 4 + view.getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(packed.subarray(4, headerEnd)));
  const deflated = new Blob([packed.subarray(headerEnd)]).stream();
  const bytes = await new Response(deflated.pipeThrough(new DecompressionStream("deflate"))).arrayBuffer();
  const steps = new Uint16Array(bytes);
  for (let row = 0; row < header.height; row += 1) {
    for (let at = row * header.width + 1; at < (row + 1) * header.width; at += 1) steps[at] += steps[at - 1];
  }
  return { ...header, steps, packed };
}
