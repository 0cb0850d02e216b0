// In the page's head, before Streamlit's own scripts, which read the theme once. A reading room is dark: on the first
// visit also where the system prefers light. Whatever is chosen in the menu later holds for all pages, although
// Streamlit keeps it for one address only.
(() => {
  const KEPT_BY_STREAMLIT = "stActiveTheme-";
  const RECORD = "vpl-theme"; // the theme in use, and under which keys it was seen
  if (new URLSearchParams(window.location.search).has("embed_options")) return;
  try {
    const own = `${KEPT_BY_STREAMLIT}${window.location.pathname}-v2`;
    const kept = Object.entries(localStorage).filter(([key]) => key.startsWith(KEPT_BY_STREAMLIT));
    const record = JSON.parse(localStorage.getItem(RECORD) ?? '{"theme": null, "keys": []}');
    const chosen = kept.find(([key, theme]) => record.keys.includes(key) && theme !== record.theme)?.[1];
    const theme = chosen ?? record.theme ?? '"Dark"';
    const keys = [...new Set([own, ...kept.map(([key]) => key)])];
    for (const key of keys) localStorage.setItem(key, theme);
    localStorage.setItem(RECORD, JSON.stringify({ theme, keys }));
    const dark = theme === '"System"' ? window.matchMedia("(prefers-color-scheme: dark)").matches : theme === '"Dark"';
    document.documentElement.classList.toggle("vpl-begins-dark", dark);
  } catch {
    // Without storage the system's preference counts.
  }
})();
