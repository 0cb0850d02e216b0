// On a narrow screen the menu lies over the page: after a choice it closes, so that the chosen page is seen.
const NARROW = "(max-width: 768px)"; // from here on Streamlit lays the menu over the page

export default function () {
  if (window.vplMenu) return;
  window.vplMenu = true;
  window.addEventListener("click", (event) => {
    const chosen = event.target.closest?.('[data-testid="stSidebar"] [data-testid="stPageLink"] a');
    if (!chosen || !window.matchMedia(NARROW).matches) return;
    setTimeout(() => document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click());
  }, true);
}
