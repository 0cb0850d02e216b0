// A reading room is dark: on the first visit the app takes its dark theme even where the system prefers a light one.
// Whatever is chosen in the menu later holds for all pages, although Streamlit keeps it for one address only.
const KEPT_BY_STREAMLIT = "stActiveTheme-";
const RECORD = "vpl-theme"; // the theme in use, and under which keys it was seen

export default function () {
  if (new URLSearchParams(window.location.search).has("embed_options")) return;
  const own = `${KEPT_BY_STREAMLIT}${window.location.pathname}-v2`;
  const first = !window.vplLooked; // a later reload would cost the session its drawing
  window.vplLooked = true;
  try {
    const kept = Object.entries(localStorage).filter(([key]) => key.startsWith(KEPT_BY_STREAMLIT));
    const record = JSON.parse(localStorage.getItem(RECORD) ?? '{"theme": null, "keys": []}');
    const light = window.matchMedia("(prefers-color-scheme: light)").matches;
    const chosen = kept.find(([key, theme]) => record.keys.includes(key) && theme !== record.theme)?.[1];
    const theme = chosen ?? record.theme ?? (light ? '"Dark"' : '"System"');
    const before = localStorage.getItem(own) ?? '"System"';
    const keys = [...new Set([own, ...kept.map(([key]) => key)])];
    for (const key of keys) localStorage.setItem(key, theme);
    localStorage.setItem(RECORD, JSON.stringify({ theme, keys }));
    if (first && theme !== before && localStorage.getItem(own) === theme) {
      // With the address that was opened: the app may have mended it, and said so only to the page that goes.
      const [opened] = performance.getEntriesByType("navigation");
      history.replaceState(history.state, "", opened?.name);
      window.location.reload();
    }
  } catch {
    // Without storage the system's preference counts.
  }
}
