// The browser's Back leads to the page as it was left. On a link to another page with a query, Streamlit first writes that
// query behind the old page's own address, as a step of its own; the step to the new page takes the place of that one.
// A link to the page that is shown does nothing: to Streamlit it is a step back to the page as it was first.
// A filter that is changed is a step too; Streamlit would write it over the last one.
// A step back or forward while the page before is still at work can leave an empty page, or the page before, or lose the
// filters: then the step is taken once more, and at last the page that the address names is loaded again. What a page
// writes behind its own address after any step, before anybody has touched it, is no step of its own: it would take away
// the way forward, or need a second Back.
// In the page's head, before Streamlit's own scripts: what the first run writes behind the address passes here, too.
(() => {
  const WRONG_LOOKS = 3; // seconds
  const LOOKS = 20;
  const LINK = 'a[data-testid^="stPageLink"]';
  const push = history.pushState;
  const replace = history.replaceState;
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
  let touched = false; // since the page was loaded or turned to, or since the last step back or forward
  const touch = () => { touched = true; };
  for (const kind of ["pointerdown", "keydown"]) window.addEventListener(kind, touch, true);
  // Into a frame, by hand: a new frame also takes the focus by itself.
  window.addEventListener("blur", () => { if (navigator.userActivation?.isActive) touch(); });
  let watch = 0;
  let again = false; // whether the step is taken once more
  let held = false; // whether the address stays as the step left it
  let lost = false; // whether the app would have written another
  window.addEventListener("popstate", () => {
    touched = false;
    const first = !again;
    again = false;
    held = first;
    lost = false;
    for (const frame of document.querySelectorAll("iframe")) {
      frame.contentWindow?.addEventListener("pointerdown", touch, true);
    }
    let looks = 0;
    let wrong = 0;
    clearInterval(watch);
    watch = setInterval(() => {
      const idle = document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState !== "running";
      wrong = idle && (lost || !isShown()) ? wrong + 1 : 0;
      looks += 1;
      if (touched || wrong === WRONG_LOOKS || looks === LOOKS) clearInterval(watch);
      if (touched || wrong !== WRONG_LOOKS) return;
      if (first) {
        again = true;
        window.dispatchEvent(new PopStateEvent("popstate", { state: history.state }));
      } else {
        window.location.reload();
      }
    }, 1000);
  });
  // Whether a page writes something else behind its own address.
  const rewrites = (url) => {
    const to = new URL(url ?? window.location.href, window.location.href);
    return to.pathname === window.location.pathname && to.search !== window.location.search;
  };
  const holds = (url) => {
    if (!held || touched || !rewrites(url)) return false;
    lost = true;
    return true;
  };
  history.replaceState = function (state, title, url) {
    if (holds(url)) return undefined;
    // Of all that Streamlit writes, only what a widget is bound to comes as a whole address; also when a page is left.
    const bound = String(url).startsWith(window.location.origin) && rewrites(url);
    const filter = bound && touched && target === null && isShown();
    return (filter ? push : replace).call(history, state, title, url);
  };
  history.pushState = function (state, title, url) {
    if (holds(url)) return undefined;
    const to = url == null ? window.location.pathname : path(url);
    if (target !== null && to === window.location.pathname) {
      if (detour) return replace.call(history, state, title, url);
      detour = true;
    } else {
      target = null;
      if (!touched && to === window.location.pathname) return replace.call(history, state, title, url);
      if (detour) {
        detour = false;
        touched = false;
        return replace.call(history, state, title, url);
      }
      if (to !== window.location.pathname) touched = false;
    }
    return push.call(history, state, title, url);
  };

  // Whether the page that the address names is the one that is shown.
  function isShown() {
    if (!window.vplPage) return false; // of which the app tells with its first run
    const { page, pages } = window.vplPage;
    const named = window.location.pathname.split("/").pop();
    return document.querySelector(".stMain h1") !== null && page === (pages.includes(named) ? named : pages[0]);
  }
})();
