// A class in the browser: the tab keeps who one is in it, and asks now and then whether the class has changed. Only then
// is the page run again, so that thirty phones that wait cost the server next to nothing.
const HIDDEN_EVERY_MS = 10000;
const AGAIN_MS = 5000; // a change that was told, and of which the page knows nothing yet, is told once more

export default function ({ data, parentElement, setStateValue }) {
  clearTimeout(parentElement.vplTimer);
  const place = `vpl-class-${data.code}`;
  if (data.token) keep(place, data.token);
  else if (data.asks) setStateValue("kept", { code: data.code, token: kept(place) });
  if (data.gone) forget(place);
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
function kept(place) {
  try {
    return sessionStorage.getItem(place) ?? "";
  } catch {
    return "";
  }
}

function keep(place, token) {
  try {
    sessionStorage.setItem(place, token);
  } catch {
    // As above.
  }
}

function forget(place) {
  try {
    sessionStorage.removeItem(place);
  } catch {
    // As above.
  }
}
