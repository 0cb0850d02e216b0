// A class in the browser: the tab keeps who one is in it, and asks now and then whether the class has changed. Only then
// is the page run again, so that thirty phones that wait cost the server next to nothing.
const HIDDEN_EVERY_MS = 10000;
const STEERED = "vpl-class-steered"; // outlasts the tab: a laptop that was closed must not cost a lecturer the class
const AGAIN_MS = 5000; // a change that was told, and of which the page knows nothing yet, is told once more

export default function ({ data, parentElement, setStateValue }) {
  clearTimeout(parentElement.vplTimer);
  const place = `vpl-class-${data.code}`;
  if (data.token) keep(() => sessionStorage, place, data.token);
  if (data.token && data.steers) keep(() => localStorage, STEERED, JSON.stringify([data.code, data.token]));
  if (data.gone) forget(data.code, place);
  if (data.asks) setStateValue("kept", { code: data.code, token: kept(() => sessionStorage, place), steered: steered() });
  if (!data.every) return undefined;
  let told = data.version;
  let toldAt = performance.now();
  const look = async () => {
    if (!parentElement.isConnected) return;
    const version = await asked(data);
    if (version !== null && version !== data.version && (version !== told || performance.now() - toldAt > AGAIN_MS)) {
      told = version;
      toldAt = performance.now();
      setStateValue("version", version);
    }
    wait();
  };
  const wait = () => {
    clearTimeout(parentElement.vplTimer);
    parentElement.vplTimer = setTimeout(look, document.hidden ? HIDDEN_EVERY_MS : data.every);
  };
  const seen = () => { if (!document.hidden) look(); };
  document.addEventListener("visibilitychange", seen);
  wait();
  return () => {
    clearTimeout(parentElement.vplTimer);
    document.removeEventListener("visibilitychange", seen);
  };
}

// The class's number; 0 where it has ended, null where the server does not answer.
async function asked({ code, token }) {
  try {
    // Beside the page's own address, so that a base path is in it.
    const where = new URL(`room/${code}/version`, window.location.href);
    const answer = await fetch(where, { headers: token ? { "X-Class-Token": token } : {}, cache: "no-store" });
    if (answer.status === 404) return 0;
    return answer.ok ? Number(await answer.text()) : null;
  } catch {
    return null;
  }
}

// Without storage, as in some private windows, a reload joins anew.
function kept(storage, place) {
  try {
    return storage().getItem(place) ?? "";
  } catch {
    return "";
  }
}

function keep(storage, place, value) {
  try {
    storage().setItem(place, value);
  } catch {
    // As above.
  }
}

// Code and token of the class that this browser steered last; empty if none.
function steered() {
  try {
    return JSON.parse(kept(() => localStorage, STEERED) || "[]");
  } catch {
    return [];
  }
}

function forget(code, place) {
  try {
    const [steeredCode, steeredToken] = steered();
    const token = sessionStorage.getItem(place) ?? steeredToken; // a member in the lecturer's own browser has another one
    if (steeredCode === code && steeredToken === token) localStorage.removeItem(STEERED);
    sessionStorage.removeItem(place);
  } catch {
    // As above.
  }
}
