// At a stand the demo turns to its next scene by itself, until somebody touches it.
export default function ({ data, parentElement, setTriggerValue }) {
  if (parentElement.vplStand) return undefined; // it plays already
  parentElement.vplStand = true;
  const away = new AbortController();
  let scene = 0;
  const turn = () => {
    setTriggerValue("scene", scene);
    scene += 1;
  };
  const playing = setInterval(turn, data.seconds * 1000);
  const stop = (event) => {
    if (!event.isTrusted) return;
    clearInterval(playing);
    away.abort();
    parentElement.querySelector(".vpl-stand").hidden = true;
  };
  for (const kind of ["pointerdown", "keydown", "touchstart", "wheel"]) {
    window.addEventListener(kind, stop, { capture: true, signal: away.signal });
    for (const frame of document.querySelectorAll("iframe")) frame.contentWindow?.addEventListener(kind, stop, { capture: true, signal: away.signal });
  }
  return () => {
    clearInterval(playing);
    away.abort();
  };
}
