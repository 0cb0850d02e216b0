// A reading room is dark: on the first visit the app takes its dark theme even where the system prefers a light one.
// Streamlit keeps the choice per address under this key; whatever is chosen in the menu later stays.
const CHOICE = `stActiveTheme-${window.location.pathname}-v2`;
const ASKED = `vpl-dark-first-${window.location.pathname}`;

export default function () {
  const embedded = new URLSearchParams(window.location.search).has("embed_options");
  const light = window.matchMedia("(prefers-color-scheme: light)").matches;
  try {
    const first = !localStorage.getItem(ASKED);
    localStorage.setItem(ASKED, "yes");
    if (!first || !light || embedded || localStorage.getItem(CHOICE) === '"Light"') return;
    localStorage.setItem(CHOICE, '"Dark"');
    if (localStorage.getItem(ASKED)) window.location.reload();
  } catch {
    // Without storage the system's preference counts.
  }
}
