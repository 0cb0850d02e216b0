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
    const choices = Object.entries(localStorage).filter(([key]) => key.startsWith("stActiveTheme-"));
    if (!first || !light || embedded || choices.some(([, choice]) => choice === '"Light"')) return;
    localStorage.setItem(CHOICE, '"Dark"');
    if (localStorage.getItem(ASKED)) window.location.reload();
  } catch {
    // Without storage the system's preference counts.
  }
}
