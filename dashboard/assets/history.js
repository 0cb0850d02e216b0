// The browser's Back leads to the page as it was left. On a link to another page with a query, Streamlit first writes that
// query behind the old page's own address, as a step of its own; the step to the new page takes the place of that one.
// A link to the page that is shown does nothing: to Streamlit it is a step back to the page as it was first.
// A step back while the page before is still at work can leave an empty page for good; that one is loaded again.
const EMPTY_LOOKS = 3; // seconds
const LOOKS = 20;
const LINK = 'a[data-testid^="stPageLink"]';

export default function () {
  if (window.vplHistory) return;
  window.vplHistory = true;
  const push = history.pushState;
  let target = null; // where a clicked link leads to
  let detour = false; // whether the latest step is a false one
  const path = (url) => new URL(url, window.location.href).pathname;
  window.addEventListener("click", (event) => {
    const link = event.target.closest?.(LINK);
    const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey; // in a tab or window of its own
    if (!link || elsewhere) return;
    const leadsTo = link.getAttribute("href") ? path(link.href) : "home"; // whose link is empty on every page
    if (leadsTo !== window.location.pathname) {
      target = leadsTo;
    } else {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }, true);
  let watch = 0;
  window.addEventListener("popstate", () => {
    const wanted = window.location.href;
    let looks = 0;
    let empty = 0;
    clearInterval(watch);
    watch = setInterval(() => {
      const idle = document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState !== "running";
      empty = idle && !document.querySelector(".stMain h1") ? empty + 1 : 0;
      looks += 1;
      if (empty === EMPTY_LOOKS || looks === LOOKS) clearInterval(watch);
      if (empty === EMPTY_LOOKS) window.location.replace(wanted);
    }, 1000);
  });
  history.pushState = function (state, title, url) {
    const to = url == null ? window.location.pathname : path(url);
    if (target !== null && to === window.location.pathname) {
      if (detour) return history.replaceState(state, title, url);
      detour = true;
    } else {
      target = null;
      if (detour) {
        detour = false;
        return history.replaceState(state, title, url);
      }
    }
    return push.call(history, state, title, url);
  };
}
